# SPDX-License-Identifier: BSD-3-Clause
"""Rows: workloads run, and what their samples say."""
import json
import os
import shutil
import statistics
import subprocess
import time

from lib import shell
from lib.weir import RUNTIME
from peerlib.machine import bound
from peerlib.others import Gateway

from . import workloads
from .figures import figure, over, ratio

MEMORY = 4096  # MB for EAL without huge pages
WARM_MS = 200
ASK_MS = 2500  # until a router knows its neighbour, whom it may have to ask again
CHAIN_MS = 1200
CHURN_MS = 2500  # until as many flows age as come
ROUNDS = 3  # of a group whose rows are compared with each other
STARTS = 3
FILL = 85  # per cent of the room, to see what flows touch
FEW = 1024  # the least room there can be


class Failed(Exception):
    """A row could not be measured, or lost packets."""


class Runner:
    """Runs test/bench/bench on workloads, one process each."""

    def __init__(self, build, eal, folder, pairs, chunk_ms):
        self.build, self.eal, self.folder, self.pairs, self.chunk_ms = build, eal, folder, pairs, chunk_ms
        self.prefix = f"weirbench{os.getpid()}"

    def run(self, load, pairs=None):
        """What bench prints for a workload."""
        warm = ("--warm-packets", 2 * load.flows, "--warm-ms", _warm_ms(load))
        said = self._bench(workloads.document(load), _lcores(load), "--mode", load.mode, "--pairs", pairs or self.pairs,
                           "--chunk-ms", self.chunk_ms, *warm)
        _check(load, said)
        return said

    def load_only(self, flows):
        """Bytes that a gateway takes which has nothing but room for flows."""
        said = self._bench(workloads.empty_document(flows), _lcores(None), "--pairs", 1, "--chunk-ms", 1, "--warm-ms", 0)
        return said["load_bytes"]

    def start_seconds(self, flows):
        """From the start of the process weir until it says that packets flow."""
        gateway = Gateway(self.build, self.folder, self.eal, self.prefix)
        begun = time.monotonic()
        try:
            gateway.start(document=workloads.empty_document(flows))
            return time.monotonic() - begun
        finally:
            gateway.close()

    def _bench(self, document, lcores, *options):
        config = os.path.join(self.folder, "config.json")
        with open(config, "w", encoding="ascii") as file:
            json.dump(document, file)
        argv = (os.path.join(self.build, "test/bench/bench"), "--lcores", lcores, "--no-telemetry", "--log-level",
                "lib.*:error", *self.eal.options(self.prefix, MEMORY), "--", "--config", config,
                "--source", workloads.SOURCE, "--sink", workloads.SINK, *options)
        process = subprocess.Popen(bound(*argv), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   start_new_session=True)
        shell.put_first(process)
        said, complaints = process.communicate()
        shutil.rmtree(os.path.join(RUNTIME, self.prefix), ignore_errors=True)
        if process.returncode != 0:
            raise Failed(f"exit status {process.returncode}\n{complaints.strip()}")
        return json.loads(said.splitlines()[-1])


def _warm_ms(load):
    """Routers ask for their neighbour first; connections stand for so long that room for them is all there is."""
    if load.kind in workloads.ROUTED:
        return CHAIN_MS if load.new and load.kind == "chain" else ASK_MS
    return CHURN_MS if load.new else WARM_MS


def _lcores(load):
    """The bare loop and the (first) worker on the core that the tests keep for it, the rest on the others."""
    worker, other = shell.WORKER_CPU, shell.OTHER_CPUS[0]
    mode = load.mode if load else "pairs"
    return {"pairs": f"0@{worker}", "shed": f"0@{worker}", "full": f"0@{worker}", "workers": f"0@{worker},1@{other}", "readers": f"0@{other},1@{worker}"}[mode]


def _check(load, said):
    if said["flows"] < load.flows * (load.new < 100):
        raise Failed(f"{said['flows']} of {load.flows} flows are cached")
    if said["flows"] > said["flow_slots"] * 0.98:
        raise Failed(f"the table of {said['flow_slots']} flows is full")


# ---- groups of rows: (runner, workloads) -> rows ----


def _row(load, said):
    return {"name": load.name, "tenants": load.tenants, "flows": load.flows, "goal": load.goal,
            "bare": figure(said["bare"]), "weir": figure(said["weir"]), "stages": said.get("stages", {}), "notes": []}


def _paired_row(load, said):
    return _row(load, said) | {"over": over(said["weir"], said["bare"])}


def singles(runner, loads):
    """Rows that stand for themselves."""
    for load in loads:
        yield _paired_row(load, runner.run(load))


def _in_turns(runner, loads):
    """Several processes a workload, one after the other by turns; returns, by workload, what each said."""
    rounds = [[runner.run(load, max(1, runner.pairs // ROUNDS)) for load in loads] for _ in range(ROUNDS)]
    return list(zip(*rounds))


def _merged(said):
    return {key: [sample for one in said for sample in one[key]] for key in ("bare", "weir")}


def tenants(runner, loads):
    """Whole path, each round beside the first row of the same round."""
    said = _in_turns(runner, loads)
    medians = [[statistics.median(one["weir"]) for one in runs] for runs in said]
    for load, runs, own in zip(loads, said, medians):
        row = _paired_row(load, _merged(runs))
        row["ratio"] = ratio(own, medians[0])
        row["notes"].append(f"whole path {row['ratio'].text(2)} of one tenant's (goal {load.ratio_goal:g})")
        yield row


def new(runner, loads):
    """Cost by the share of new flows: what is not the new ones' is the established ones'."""
    said = _in_turns(runner, loads)
    rows = [_paired_row(load, _merged(runs)) for load, runs in zip(loads, said)]
    none, every = rows[0]["over"].median, rows[-1]
    for load, row in zip(loads, rows):
        share = load.new / 100
        if 0 < share < 1:
            row["established"] = (row["over"].median - share * every["over"].median) / (1 - share)
            row["notes"].append(f"the established ones {row['established']:.0f} cycles over bare, {none:.0f} alone")
    every["flows_per_second"] = said[0][0]["hz"] / every["weir"].median
    every["notes"].append(f"{every['flows_per_second'] / 1e6:.2f} M new flows/s, as many age (goal 3)")
    yield from rows


def readers(runner, loads):
    """The worker's cycles while others read and change, beside its cycles while they do not."""
    for load in loads:
        said = runner.run(load)
        row = _row(load, said) | {"ratio": ratio(said["beside"], said["weir"])}
        row["over"] = figure([sample - row["bare"].median for sample in said["weir"]])
        row |= {key: said[key] / said["seconds"] for key in ("listings", "rows", "patches")}
        row["notes"].append(f"beside a reader {row['ratio'].text(3)} (goal 1.02), none lost; it lists"
                            f" {row['rows'] / 1e6:.1f} M flows/s, {row['patches']:.0f} patches/s")
        yield row


def workers(runner, loads):
    """Two workers at once beside each of them alone."""
    for load in loads:
        said = runner.run(load)
        each = ratio(said["weir"], said["beside"])
        pairs = [alone / beside for alone, beside in zip(said["weir"], said["beside"])]
        factor = figure([first + second for first, second in zip(pairs[::2], pairs[1::2])])
        row = _row(load, said) | {"factor": factor, "each": each}
        row["over"] = figure([sample - row["bare"].median for sample in said["weir"]])
        row["notes"].append(f"two workers are {factor.text(2)} of one (goal 1.9), by processor time")
        yield row


def memory(runner, loads):
    """Tables as they are set up, and what is touched first when flows come; the gateway's own share taken off."""
    base = loads[0]
    few, many = (runner.run(base.resized(flows, base.flows), 1) for flows in (1_000, base.flows * FILL // 100))
    taken = runner.load_only(base.flows) - runner.load_only(FEW) + many["warm_bytes"] - few["warm_bytes"]
    each = taken / (base.flows - FEW)
    yield {"name": base.name, "flows": base.flows, "bytes_per_flow": each,
           "notes": [f"{each:.1f} bytes a flow, all tables included (goal 160)"]}


def startup(runner, loads):
    """The process weir, several times."""
    flows = loads[0].flows
    seconds = figure([runner.start_seconds(flows) for _ in range(STARTS)])
    yield {"name": loads[0].name, "flows": flows, "seconds": seconds,
           "notes": [f"{seconds.text(2)} s from exec to packets, with room for {workloads.number(flows)} flows (goal 2)"]}


GROUPS = {"new": new, "tenants": tenants, "readers": readers, "workers": workers, "memory": memory, "startup": startup}


def measure(runner, loads):
    """The rows of workloads that belong together, as they come."""
    return GROUPS.get(loads[0].group, singles)(runner, loads)
