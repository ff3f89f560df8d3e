# SPDX-License-Identifier: BSD-3-Clause
"""Limits hold tenants and vports to their rates, each direction by itself, and cost the neighbour nothing."""
import socket
import time

from lib import traffic
from lib.topology import FAR, NEAR, Twins

SIZE = 1200
FRAME = SIZE + 42  # a datagram's Ethernet frame, which is what limits count
LOW, HIGH = 0.98, 1.02


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


def flood(twins, outward, pps, size=SIZE):
    """Packets/s that arrive of those that red sends from its near host, or to it."""
    near, far = twins.near["red"], twins.far["red"]
    source, sink, address, dev = (near, far, FAR, "vx5001") if outward else (far, near, NEAR, "eth0")
    with sink.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver, traffic.Pump(source, address, 9, pps, size):
        receiver.bind((address, 9))
        time.sleep(0.3)
        start, before = time.monotonic(), sink.counts(dev)[0]
        time.sleep(1.5)
        after = sink.counts(dev)[0]
        return (after - before) / (time.monotonic() - start)


def bits(twins, outward, rate):
    """The same in bit/s, as limits count them."""
    return flood(twins, outward, rate / 8 / FRAME) * FRAME * 8


def beside_neighbour(t, twins):
    blue = traffic.Stream(twins.near["blue"], twins.far["blue"], FAR, 7000, pps=1000)
    with blue:
        blue.wait_flowing()
        for outward, words in ((True, "out by the uplink"), (False, "in by the vport")):
            t.steady(f"red {words}", lambda o=outward: bits(twins, o, 60e6), 20e6 * LOW, 20e6 * HIGH)
    t.check("blue beside it: unhurt", blue.lost == 0, f"lost {blue.lost} of {blue.sent}")
    t.check("red's drops say why", twins.weir.drops("red").get("tenant_limit", 0) > 1000, twins.weir.drops("red"))
    t.check("blue has none of them", "tenant_limit" not in twins.weir.drops("blue"), twins.weir.drops("blue"))


def tcp(t, twins):
    """What is over waits: TCP comes up to its limit. What is over is dropped: how close it comes is TCP's affair."""
    def received():
        return traffic.iperf_tcp(twins.near["red"], twins.far["red"], FAR, seconds=3)[0]

    for limit in (20, 100, 500):
        set_red(twins, limit=f"{limit}Mbps")
        rate = t.steady(f"TCP shaped to {limit} Mbit/s", received, limit * 1e6 * 0.9, limit * 1e6)
        t.note(f"TCP shaped to {limit} Mbit/s: goodput {rate / 1e6:.1f} Mbit/s")
    set_red(twins, limit="20Mbps", excess="police")
    rate = t.steady("TCP policed to 20 Mbit/s", received, 0.1e6, 20e6 * HIGH)
    t.note(f"TCP policed to 20 Mbit/s: goodput {rate / 1e6:.1f} Mbit/s")
    t.steady("datagrams policed to 20 Mbit/s", lambda: bits(twins, True, 60e6), 20e6 * LOW, 20e6 * HIGH)
    set_red(twins, excess=None)


def vport(t, twins):
    set_red(twins, limit=None, vports={"host": {"limit": "10Mbps"}})
    for outward in (True, False):
        t.steady(f"vport's limit, {'from' if outward else 'to'} its host", lambda o=outward: bits(twins, o, 40e6),
                 10e6 * LOW, 10e6 * HIGH)
    t.check("the vport's drops say why", twins.weir.vport("red/host").get("drop_vport_limit", 0) > 1000)


def packets(t, twins):
    set_red(twins, limit=["1Gbps", "2kpps"], vports={"host": {"limit": None}})
    t.steady("packets/s against a limit of 2000", lambda: flood(twins, True, 5000, 64), 2000 * LOW, 2000 * HIGH)


def lifted(t, twins):
    set_red(twins, limit=None)
    t.steady("without limit all arrives", lambda: bits(twins, True, 60e6), 59e6, 61e6)
