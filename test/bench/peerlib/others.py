# SPDX-License-Identifier: BSD-3-Clause
"""dpdk-testpmd and weir, on the same ports as OVS."""
import os
import subprocess

from lib.weir import Weir, lcores

from . import traffic
from .contender import Contender
from .machine import bound, launch

TESTPMD_MEMORY, WEIR_MEMORY = 256, 2048


def start_testpmd(folder, eal, prefix, mode, workload):
    """`mode`: io or macswap. It runs until its standard input ends."""
    source, sink = traffic.devargs(workload)
    argv = ("dpdk-testpmd", "--lcores", lcores(), *eal.options(prefix, TESTPMD_MEMORY),
            "--vdev", source, "--vdev", sink,
            "--", f"--forward-mode={mode}", "--total-num-mbufs=16384")
    log = os.path.join(folder, f"testpmd-{mode}.log")
    return Contender(f"testpmd {mode}", launch(argv, log, stdin=subprocess.PIPE), prefix, log)


class Gateway(Weir):
    """weir with the EAL options of the others."""

    def __init__(self, build, folder, eal, prefix):
        super().__init__(build, None, prefix, folder)
        self.shared = eal.options(prefix, WEIR_MEMORY)

    def argv(self, *options, eal=None):
        return bound(*super().argv(*options, eal=eal or ("--lcores", lcores(), *self.shared)))

    def begin(self, workload, new=0):
        """Starts it; returns what measures it."""
        self.start(document=traffic.document(workload, new))
        return Contender("weir", self.process, self.prefix, self.log_path)
