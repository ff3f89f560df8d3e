# SPDX-License-Identifier: BSD-3-Clause
"""The machine under measurement: its clock, huge pages on loan, programs that end with us, OVS without its services."""
import contextlib
import os
import subprocess

from benchlib import build
from lib import shell

PAGE_MB = 2
NR_HUGE = "/proc/sys/vm/nr_hugepages"
OVS_PACKAGE, OVS_PROGRAM = "openvswitch-switch-dpdk", "/usr/lib/openvswitch-switch-dpdk/ovs-vswitchd-dpdk"
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
    wanted, before = megabytes // PAGE_MB, _pages()
    added = 0
    try:
        with contextlib.suppress(OSError):
            _set_pages(before + wanted)
        added = _pages() - before
        if added < wanted:
            _give_back(added)
            added = 0
        yield added > 0
    finally:
        _give_back(added)


def _give_back(count):
    """What others took meanwhile stays theirs."""
    with contextlib.suppress(OSError):
        _set_pages(max(0, _pages() - count))


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


def install_ovs():
    """Masks the units that the package brings, so that they are started neither now nor at the next boot."""
    if os.path.exists(OVS_PROGRAM):
        return
    for unit in OVS_UNITS:
        with contextlib.suppress(FileExistsError):
            os.symlink("/dev/null", f"/etc/systemd/system/{unit}.service")
    build.install((OVS_PACKAGE,))
