# SPDX-License-Identifier: BSD-3-Clause
"""What has to be there before anything can be measured: packages, driver headers, a build."""
import json
import os
import sys

from lib import shell

PACKAGES = ("build-essential", "meson", "ninja-build", "pkg-config", "libdpdk-dev", "dpdk", "libcjson-dev",
            "libsystemd-dev", "libcriterion-dev")
PLUGIN = "drivers/net/nicsim/librte_net_nicsim.so"
TARGETS = ("app/weir/weir", "test/bench/bench", PLUGIN)


def install(packages=PACKAGES):
    """Those that are missing."""
    missing = [one for one in packages
               if shell.attempt("dpkg-query", "-W", "-f=${db:Status-Status}", one).stdout != "installed"]
    if not missing:
        return
    print("installing " + " ".join(missing), file=sys.stderr)
    apt = ("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-y", "-o", "Dpkg::Use-Pty=0")
    shell.run(*apt, "update", timeout=300)
    shell.run(*apt, "install", "--no-install-recommends", *missing, timeout=900)


def _options(folder):
    """Of a configured build folder, by name."""
    listed = json.loads(shell.run("meson", "introspect", "--buildoptions", folder))
    return {option["name"]: option["value"] for option in listed}


def build(top, folder):
    """
    Builds weir, nicsim and the benchmark in `folder`: for this processor if it is new, else as it was configured.
    Returns the driver's path.
    """
    headers = os.path.join(top, "build-headers")
    if not os.path.exists(os.path.join(folder, "build.ninja")):
        print(f"building {folder}", file=sys.stderr)
        shell.run(os.path.join(top, "drivers/net/headers"), headers, timeout=300)
        shell.run("meson", "setup", folder, top, "-Dcpu=native", f"-Dnicsim={headers}", timeout=120)
    options = _options(folder)
    if not options["nicsim"] or not options["tests"]:
        shell.run(os.path.join(top, "drivers/net/headers"), headers, timeout=300)
        shell.run("meson", "configure", folder, "-Dtests=true", f"-Dnicsim={options['nicsim'] or headers}")
    shell.run("ninja", "-C", folder, *TARGETS, timeout=900)
    return os.path.join(folder, PLUGIN)
