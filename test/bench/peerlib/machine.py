# SPDX-License-Identifier: BSD-3-Clause
"""The machine under measurement: what is built and installed, its clock, huge pages on loan, programs that end with us."""
import contextlib
import os
import subprocess
import sys

from lib import shell

PAGE_MB = 2
NR_HUGE = "/proc/sys/vm/nr_hugepages"
OVS_PACKAGE = "openvswitch-switch-dpdk"
OVS_UNITS = ("openvswitch-switch", "ovsdb-server", "ovs-vswitchd", "ovs-record-hostname")


def tsc_hz():
    """Where the TSC's rate is known, the kernel takes its "bogomips" from it: two a cycle."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        return next(float(line.split(":")[1]) * 1e6 / 2 for line in file if line.startswith("bogomips"))


def _pages():
    with open(NR_HUGE, encoding="ascii") as file:
        return int(file.read())


def _set_pages(count):
    with open(NR_HUGE, "w", encoding="ascii") as file:
        file.write(str(count))


@contextlib.contextmanager
def huge_pages(megabytes):
    """Adds 2 MB pages to those that the machine has, and gives them back; false if it cannot find as many."""
    before = _pages()
    wanted = before + megabytes // PAGE_MB
    try:
        try:
            _set_pages(wanted)
            enough = _pages() >= wanted
        except OSError:
            enough = False
        if not enough:
            _set_pages(before)
        yield enough
    finally:
        with contextlib.suppress(OSError):
            _set_pages(before)


class Eal:
    """EAL's options that all programs share, by the kind of pages that they run on."""

    def __init__(self, plugin, huge):
        self.plugin, self.huge = plugin, huge

    def options(self, prefix, megabytes):
        """`megabytes` counts only where memory cannot grow: without huge pages."""
        pages = ("--in-memory",) if self.huge else ("--no-huge", "--no-shconf", "-m", str(megabytes))
        return pages + ("--no-pci", "-d", self.plugin, "--file-prefix", prefix)

    def describe(self):
        return "2 MB huge pages" if self.huge else "4 KB pages (--no-huge)"


def bound(*argv):
    """argv as a program that is killed when this one dies, so that nothing polls on after a kill -9."""
    return ("setpriv", "--pdeathsig", "KILL") + tuple(map(str, argv))


def launch(argv, log_path, **params):
    """Starts a program in a session of its own (an interrupt from the terminal is for us alone), ahead of others."""
    with open(log_path, "wb") as log:
        process = subprocess.Popen(bound(*argv), stdout=log, stderr=log, start_new_session=True, **params)
    shell.put_first(process)
    return process


def build(top, folder):
    """Builds weir and nicsim for this processor unless `folder` is there; returns the driver's path."""
    if not os.path.exists(folder):
        print(f"building {folder}", file=sys.stderr)
        headers = os.path.join(top, "build-headers")
        shell.run(os.path.join(top, "drivers/net/headers"), headers, timeout=300)
        shell.run("meson", "setup", folder, top, "-Dcpu=native", "-Dtests=false", f"-Dnicsim={headers}", timeout=120)
        shell.run("ninja", "-C", folder, timeout=900)
    plugin = os.path.join(folder, "drivers/net/nicsim/librte_net_nicsim.so")
    if not os.path.exists(plugin):
        raise RuntimeError(f"{folder} is built without -Dnicsim=HEADERS (drivers/net/README.md)")
    return plugin


def install_ovs(program):
    """Installs Debian's package unless `program` is there. Masked units are started neither now nor at the next boot."""
    if os.path.exists(program):
        return
    print(f"installing {OVS_PACKAGE} (its services masked)", file=sys.stderr)
    for unit in OVS_UNITS:
        with contextlib.suppress(FileExistsError):
            os.symlink("/dev/null", f"/etc/systemd/system/{unit}.service")
    shell.run("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-y", "-o", "Dpkg::Use-Pty=0", "install",
              "--no-install-recommends", OVS_PACKAGE, timeout=600)
