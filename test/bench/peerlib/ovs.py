# SPDX-License-Identifier: BSD-3-Clause
"""OVS-DPDK of Debian: its own database, folder and network namespace; ended by its pids."""
import contextlib
import dataclasses
import json
import os
import re
import socket
import time

from lib import shell
from lib.net import Netns

from . import openflow, traffic
from .contender import Contender, Figure, between
from .machine import OVS_PROGRAM, launch

SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"
MEMORY = 2048
BRIDGE = "br0"
MAX_FLOWS = 2_000_000
# Caches before the megaflow classifier: of how many packets one gets its flow into the exact match cache (0: off), and
# whether there is a signature match cache.
SETTINGS = {"EMC": (100, False), "EMC+SMC": (100, True), "SMC": (0, True), "neither": (0, False)}
STILL = 1.0  # seconds without an upcall: warm
ALMOST = 0.99  # of all upcalls
QUICK = 0.01  # seconds for a look at port and upcalls
TURNS = 3  # through all frames, before tables may count as warm


@dataclasses.dataclass(frozen=True)
class Setup:
    """How OVS came to have all flows: all upcalls it took, and what was seen of them while more were to come."""
    upcalls: int
    seen: int
    figure: Figure

    def report(self):
        rate = self.seen / self.figure.cpu
        return {"upcalls": self.upcalls, "seconds": self.upcalls / rate, "upcalls_per_s": rate, "pps": self.figure.rate}


class Ovs:
    def __init__(self, folder, eal, prefix):
        self.folder, self.eal, self.prefix = folder, eal, prefix
        self.database, self.control = os.path.join(folder, "db.sock"), os.path.join(folder, "vswitchd.ctl")
        self.management = os.path.join(folder, f"{BRIDGE}.mgmt")
        self.ns = self.server = self.contender = self.appctl = None
        self.environment = dict(os.environ, **{f"OVS_{key}DIR": folder for key in ("RUN", "LOG", "DB", "SYSCONF")})

    # ---- its programs ----

    def start(self):
        """Up, with a bridge that drops everything and has no ports yet."""
        self.ns = Netns(f"{self.prefix}")
        file = os.path.join(self.folder, "conf.db")
        shell.run("ovsdb-tool", "create", file, SCHEMA)
        self.server = launch(
            ("ovsdb-server", file, f"--remote=punix:{self.database}", f"--unixctl={self.folder}/server.ctl"),
            os.path.join(self.folder, "ovsdb-server.log"), env=self.environment)
        shell.wait_until("ovsdb-server listens", lambda: os.path.exists(self.database))
        self._vsctl("--no-wait", "init")
        self._configure("--no-wait", dpdk_init=True, dpdk_lcore_mask=hex(1 << shell.OTHER_CPUS[0]),
                        pmd_cpu_mask=hex(1 << shell.WORKER_CPU), dpdk_extra=" ".join(self._eal_options()),
                        flow_limit=MAX_FLOWS, max_idle=3_600_000)
        log = os.path.join(self.folder, "ovs-vswitchd.log")
        vswitchd = launch(
            self.ns.command("taskset", "-c", ",".join(map(str, shell.OTHER_CPUS)), OVS_PROGRAM, f"unix:{self.database}",
                            f"--unixctl={self.control}"),
            log, env=self.environment)
        self.contender = Contender("OVS-DPDK", vswitchd, self.prefix, log)
        self._vsctl("add-br", BRIDGE, "--", "set", "bridge", BRIDGE, "datapath_type=netdev", "fail_mode=secure",
                    "protocols=OpenFlow13", f'other_config:hwaddr="{traffic.LOCAL_MAC}"')

    def _eal_options(self):
        """OVS adds --in-memory, which excludes --no-huge, unless it is told --legacy-mem, which --no-huge is anyhow."""
        options = self.eal.options(self.prefix, MEMORY)
        return options if self.eal.huge else options + ("--legacy-mem",)

    def close(self):
        if self.appctl:
            self.appctl.close()
        if self.contender:
            self.contender.close()
        if self.server:
            shell.end(self.server)
        if self.ns:
            self.ns.remove()

    def _vsctl(self, *args):
        return shell.run("ovs-vsctl", f"--db=unix:{self.database}", "--timeout=60", *args, timeout=70)

    def _appctl(self, command, *args):
        """What ovs-appctl would print; without a process for each question."""
        if self.appctl is None:
            self.appctl = socket.socket(socket.AF_UNIX)
            self.appctl.settimeout(60)
            self.appctl.connect(self.control)
        self.appctl.sendall(json.dumps({"id": 0, "method": command, "params": args}).encode())
        said = b""
        while True:
            piece = self.appctl.recv(65536)
            if not piece:
                raise RuntimeError(f"OVS: {command}: no answer")
            said += piece
            with contextlib.suppress(json.JSONDecodeError):
                reply = json.loads(said)
                break
        if reply["error"] is not None:
            raise RuntimeError(f"OVS: {command}: {reply['error']}")
        return reply["result"]

    def _add_rules(self, rules):
        path = os.path.join(self.folder, "rules.txt")
        with open(path, "w", encoding="ascii") as file:
            file.write("\n".join(rules) + "\n")
        shell.run("ovs-ofctl", "-O", "OpenFlow13", "--bundle", "add-flows", self.management, path, timeout=300)

    def _configure(self, *options, **values):
        """other_config of all Open vSwitch; the names' underscores are hyphens there."""
        def text(value):
            return str(value).lower() if isinstance(value, bool) else str(value)

        self._vsctl(*options, "set", "Open_vSwitch", ".",
                    *(f'other_config:{key.replace("_", "-")}="{text(value)}"' for key, value in values.items()))

    # ---- a workload ----

    def load(self, workload):
        """Tunnel, meters and rules first, the source of packets last; then waits until the tables are warm."""
        if workload.kind != "vlan":
            self._underlay()
        self._add_port("out", traffic.OUT, traffic.devargs(workload)[1])
        self._check_port("out", traffic.OUT)
        if workload.metered:
            openflow.add_meters(self.management, traffic.TENANTS, traffic.TENANT_LIMIT_KBPS)
        self._add_rules(traffic.rules(workload))
        return self._set_up(workload)

    def load_again(self, workload):
        """
        The same from empty tables, but with all flows allowed at once: the limit of a fresh OVS is 10,000, and a
        thousand more each half second.
        """
        self._vsctl("del-port", BRIDGE, "in")
        self._appctl("revalidator/purge")
        self._appctl("upcall/set-flow-limit", str(MAX_FLOWS))
        return self._set_up(workload)

    def _set_up(self, workload):
        misses = self._misses()
        self._add_port("in", traffic.IN, traffic.devargs(workload)[0], "--no-wait")
        setup = self._warm_up(workload, misses)
        self._check_port("in", traffic.IN)
        return setup

    def _add_port(self, name, number, devargs, *options):
        self._vsctl(*options, "add-port", BRIDGE, name, "--", "set", "interface", name, "type=dpdk",
                    f"ofport_request={number}", f'options:dpdk-devargs="{devargs}"', "options:n_rxq=1")

    def _check_port(self, name, number):
        error = self._vsctl("get", "interface", name, "error").strip()
        if error != "[]" or self._vsctl("get", "interface", name, "ofport").strip() != str(number):
            raise RuntimeError(f"OVS: port {name}: {error}")

    def _underlay(self):
        """The tunnel's own end is an address of the bridge; its far end's MAC is known."""
        self.ns.ip("addr", "add", f"{traffic.LOCAL}/24", "dev", BRIDGE)
        self.ns.ip("link", "set", BRIDGE, "up")
        self._vsctl("add-port", BRIDGE, "tunnel", "--", "set", "interface", "tunnel", "type=vxlan",
                    f"ofport_request={traffic.TUNNEL}", f"options:remote_ip={traffic.REMOTE}", "options:key=flow")
        shell.wait_until("OVS knows its tunnel's address",
                         lambda: traffic.LOCAL in self._appctl("ovs/route/show"))
        self._appctl("tnl/neigh/set", BRIDGE, traffic.REMOTE, traffic.REMOTE_MAC)

    def _misses(self):
        said = self._appctl("dpif-netdev/pmd-stats-show")
        return sum(int(count) for count in re.findall(r"miss with \w+ upcall: (\d+)", said))

    def _warm_up(self, workload, misses, timeout=300.0):
        """From the first packet until upcalls stand still; returns how flows were set up."""
        self.contender.attach()
        start, trace = self._first_packet(), []
        while True:
            now = self.contender.sample()
            count = self._misses() - misses
            trace.append((count, now, time.monotonic() - now.wall))
            since = next(sample for before, sample, _ in trace if before == count)
            if now.wall - since.wall >= STILL and between(since, now).received >= TURNS * workload.flows:
                return self._setup(start, trace)
            if now.wall > start.wall + timeout:
                raise TimeoutError(f"OVS: {workload.name}: still upcalls after {timeout:g} s")
            time.sleep(0.002)

    @staticmethod
    def _setup(start, trace):
        """By the last look that was quick, and when flows were still missing; else by the first when none was."""
        total = trace[-1][0]
        looks = [(count, sample) for count, sample, took in trace if 0 < count < ALMOST * total and took < QUICK]
        count, sample = looks[-1] if looks else next(look[:2] for look in trace if look[0] >= ALMOST * total)
        return Setup(total, count, between(start, sample))

    def _first_packet(self):
        """The last sample before it."""
        samples = [self.contender.sample()]

        def arrived():
            samples.append(self.contender.sample())
            return self.contender.check() and samples[-1].received[0]

        shell.wait_until("OVS receives", arrived, every=0.002)
        return samples[-2]

    def lookups(self):
        """Implementations of the classifier's lookup that this build has; without more than one there is no choice."""
        said = self._appctl("dpif-netdev/subtable-lookup-prio-get")
        return [name for name in re.findall(r"^ +(\w+) \(Use", said, re.M) if name != "autovalidator"]

    def choose(self, seconds):
        """Tries every setting and leaves the best one on; returns its name, and packets a second by setting."""
        tried = {}
        for name, (chance, signatures) in SETTINGS.items():
            self._apply(chance, signatures)
            time.sleep(STILL)
            tried[name] = self.contender.measure(seconds).rate
        best = max(tried, key=tried.get)
        self._apply(*SETTINGS[best])
        return best, tried

    def _apply(self, chance, signatures):
        self._configure(emc_insert_inv_prob=chance, smc_enable=signatures)
