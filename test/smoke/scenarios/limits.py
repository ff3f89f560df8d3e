# SPDX-License-Identifier: BSD-3-Clause
"""Limits hold tenants and vports to their rates, each direction by itself, and cost the neighbour nothing."""
import threading
import time

from lib import traffic
from lib.topology import FAR, NEAR, Twins

FRAME = 1200 + 42  # a datagram's Ethernet frame, as limits count it
SHARE = 1200 / FRAME


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


def flood(twins, tenant, outward, rate, seconds=2):
    """UDP from or to a tenant's near host; returns (received bit/s of payload, share lost)."""
    near, far = twins.near[tenant], twins.far[tenant]
    if outward:
        received, sent, lost = traffic.iperf_udp(near, far, FAR, rate, seconds=seconds)
    else:
        received, sent, lost = traffic.iperf_udp(far, near, NEAR, rate, seconds=seconds)
    return received, lost / sent


def beside_neighbour(t, twins):
    for outward, words in ((True, "out by the uplink"), (False, "in by the vport")):
        blue = []
        neighbour = threading.Thread(target=lambda: blue.append(flood(twins, "blue", outward, "20M", 3)))
        neighbour.start()
        received, lost = flood(twins, "red", outward, "60M", 3)
        neighbour.join()
        t.within(f"red {words}: received", received, 20e6 * SHARE * 0.97, 20e6 * SHARE * 1.03)
        t.check(f"red {words}: the rest was lost", lost > 0.6, lost)
        t.check(f"blue beside it, {words}: unhurt", blue and blue[0][1] < 0.005, blue)
    t.check("red's drops say why", twins.weir.drops("red").get("tenant_limit", 0) > 1000, twins.weir.drops("red"))
    t.check("blue has none of them", "tenant_limit" not in twins.weir.drops("blue"), twins.weir.drops("blue"))


def tcp(t, twins):
    rate, _ = traffic.iperf_tcp(twins.near["red"], twins.far["red"], FAR, seconds=3)
    t.within("TCP against a limit of 20 Mbit/s", rate, 10e6, 20e6 * 1.03)


def vport(t, twins):
    set_red(twins, limit=None, vports={"host": {"limit": "10Mbps"}})
    for outward in (True, False):
        received, _ = flood(twins, "red", outward, "40M")
        t.within(f"vport's limit, {'from' if outward else 'to'} its host", received, 10e6 * SHARE * 0.97,
                 10e6 * SHARE * 1.03)
    t.check("the vport's drops say why", twins.weir.vport("red/host").get("drop_vport_limit", 0) > 1000)


def packets(t, twins):
    """2000 packets/s of 4000; the first burst (5 ms) apart."""
    set_red(twins, limit=["1Gbps", "2kpps"], vports={"host": {"limit": None}})
    with traffic.Stream(twins.near["red"], twins.far["red"], FAR, 7000, pps=4000) as stream:
        stream.wait_flowing()
        start, arrived = time.monotonic(), len(stream.arrivals)
        time.sleep(2)
        rate = (len(stream.arrivals) - arrived) / (time.monotonic() - start)
    t.within("packets/s against a limit of 2000", rate, 2000 * 0.97, 2000 * 1.03)


def lifted(t, twins):
    set_red(twins, limit=None)
    received, lost = flood(twins, "red", True, "60M")
    t.check("without limit all arrives", lost < 0.01 and received > 58e6, (received, lost))
