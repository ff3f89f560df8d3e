# SPDX-License-Identifier: BSD-3-Clause
"""Limits hold tenants and vports to their rates, each direction by itself, and cost the neighbour nothing."""
import threading

from lib import traffic
from lib.topology import FAR, NEAR, Twins

SIZE = 1200
SHARE = SIZE / (SIZE + 42)  # of payload in a datagram's Ethernet frame, which is what limits count
LOW, HIGH = 0.97, 1.02


def run(t):
    twins = Twins(t)
    document = twins.document()
    document["tenants"]["red"]["limit"] = "20Mbps"
    twins.start(document=document)
    twins.settle()
    with t.balanced(twins.weir):
        beside_neighbour(t, twins)
        tcp(t, twins)
        vport(t, twins)
        packets(t, twins)
        lifted(t, twins)


def set_red(twins, **change):
    twins.weir.patch({"tenants": {"red": change}})


def flood(twins, tenant, outward, rate, seconds=2, size=SIZE):
    """UDP from or to a tenant's near host; returns (received bit/s of payload, share lost)."""
    near, far = twins.near[tenant], twins.far[tenant]
    ends = (near, far, FAR) if outward else (far, near, NEAR)
    received, sent, lost = traffic.iperf_udp(*ends, rate, size=size, seconds=seconds)
    return received, lost / sent


def beside_neighbour(t, twins):
    for outward, words in ((True, "out by the uplink"), (False, "in by the vport")):
        unhurt = []

        def both(outward=outward, unhurt=unhurt):
            blue = threading.Thread(target=lambda: unhurt.append(flood(twins, "blue", outward, "20M", 3)[1]))
            blue.start()
            received, _ = flood(twins, "red", outward, "60M", 3)
            blue.join()
            return received

        t.steady(f"red {words}", both, 20e6 * SHARE * LOW, 20e6 * SHARE * HIGH)
        t.check(f"blue beside it, {words}: unhurt", min(unhurt) < 0.002, unhurt)
    t.check("red's drops say why", twins.weir.drops("red").get("tenant_limit", 0) > 1000, twins.weir.drops("red"))
    t.check("blue has none of them", "tenant_limit" not in twins.weir.drops("blue"), twins.weir.drops("blue"))


def tcp(t, twins):
    """A policer without a queue: TCP finds the limit from below, and how close it comes is TCP's affair."""
    rate, _ = traffic.iperf_tcp(twins.near["red"], twins.far["red"], FAR, seconds=3)
    t.within("TCP against a limit of 20 Mbit/s", rate, 0.1e6, 20e6 * HIGH)


def vport(t, twins):
    set_red(twins, limit=None, vports={"host": {"limit": "10Mbps"}})
    for outward in (True, False):
        t.steady(f"vport's limit, {'from' if outward else 'to'} its host",
                 lambda o=outward: flood(twins, "red", o, "40M")[0], 10e6 * SHARE * LOW, 10e6 * SHARE * HIGH)
    t.check("the vport's drops say why", twins.weir.vport("red/host").get("drop_vport_limit", 0) > 1000)


def packets(t, twins):
    set_red(twins, limit=["1Gbps", "2kpps"], vports={"host": {"limit": None}})
    t.steady("packets/s against a limit of 2000",
             lambda: flood(twins, "red", True, 5000 * 64 * 8, size=64)[0] / (64 * 8), 2000 * LOW, 2000 * HIGH)


def lifted(t, twins):
    set_red(twins, limit=None)
    t.steady("without limit all arrives", lambda: flood(twins, "red", True, "60M")[0], 59e6, 61e6)
