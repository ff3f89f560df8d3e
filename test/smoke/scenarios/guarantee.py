# SPDX-License-Identifier: BSD-3-Clause
"""
Guarantees beside a flood, through an uplink of 100 Mbit/s: red's TCP and datagrams have what red is guaranteed and its
share of the rest, green's pings hardly notice, and the flood pays for it.
"""
import contextlib
import socket
import threading
import time

from lib import traffic
from lib.topology import FAR, OVERHEAD, Twins

MBIT = 1e6
RATE = 100 * MBIT
GUARANTEES = {"red": 40, "blue": 10, "green": 5}  # Mbit/s
WEIGHTS = {"red": 1, "blue": 3, "green": 1}
TENANTS = {"red": 5001, "blue": 5002, "green": 5003}

# A frame's bytes on the wire, beside the tenant's IP packet: Ethernet, tunnel, then FCS, preamble and gap.
WIRE = 14 + OVERHEAD[4] + 24
SIZE = 1400
DATAGRAM_BITS = (SIZE + 28 + WIRE) * 8
USED = 0.9  # of the port at least: a worker that another process keeps from polling cannot make up for it
FLOOD = 1.5 * RATE / DATAGRAM_BITS  # packets/s


def run(t):
    twins = Twins(t, tenants=TENANTS)
    document = twins.document()
    for name, port in document["ports"].items():
        port["rate"] = "100Mbps" if name == "up0" else "1Gbps"
    for name, tenant in document["tenants"].items():
        tenant.update(guarantee=f"{GUARANTEES[name]}Mbps", weight=WEIGHTS[name])
    twins.start(document=document)
    twins.settle()
    with t.balanced(twins.weir), contextlib.ExitStack() as sinks:
        for far in twins.far.values():
            sink = sinks.enter_context(far.socket(socket.AF_INET, socket.SOCK_DGRAM))
            sink.bind((FAR, 9))
        alone = delays(t, twins, "alone")
        shares(t, twins)
        with flood(twins, "blue"):
            time.sleep(0.3)
            for control in ("cubic", "bbr"):
                tcp(t, twins, control)
            beside(t, twins, alone)
            within(t, twins)
            policed(t, twins)
        reasons(t, twins)


def flood(twins, tenant):
    return traffic.Pump(twins.near[tenant], FAR, 9, FLOOD, SIZE)


def rates(twins, tenants, frame_bits, seconds=2.0):
    """Wire bit/s of each, by what arrives at the far ends."""
    def look():
        return {tenant: twins.far[tenant].counts(f"vx{TENANTS[tenant]}")[0] for tenant in tenants}
    start, before = time.monotonic(), look()
    time.sleep(seconds)
    after, passed = look(), time.monotonic() - start
    return {tenant: (after[tenant] - before[tenant]) * frame_bits[tenant] / passed for tenant in tenants}


def due(tenant, weights, total):
    """What it has of a total where red and blue want all there is, and green nothing."""
    spare = total - (GUARANTEES["red"] + GUARANTEES["blue"]) * MBIT
    return GUARANTEES[tenant] * MBIT + spare * weights[tenant] / (weights["red"] + weights["blue"])


def shared(t, what, got, weights, part):
    """The port is used, and each has at least this part of what is due to it of that."""
    total = sum(got.values())
    t.within(f"{what}: all of the port", total, RATE * USED, RATE * 1.005)
    for tenant, rate in got.items():
        wanted = due(tenant, weights, total)
        t.within(f"{what}: {tenant}", rate, wanted * part, wanted + (1 - part) * total)


def words(measured):
    return ", ".join(f"{tenant} {rate / MBIT:.2f} Mbit/s" for tenant, rate in measured.items())


def shares(t, twins):
    """Two floods: each has its guarantee and its part of the rest by weight, also by a weight that changes."""
    with flood(twins, "red"), flood(twins, "blue"):
        for red, blue in ((1, 3), (3, 1)):
            weights = {"red": red, "blue": blue}
            twins.weir.patch({"tenants": {tenant: {"weight": weight} for tenant, weight in weights.items()}})
            time.sleep(0.3)
            got = rates(twins, weights, dict.fromkeys(weights, DATAGRAM_BITS))
            t.note(f"two floods, weights {red}:{blue}: {words(got)} of wire bits")
            shared(t, f"two floods with weights {red}:{blue}", got, weights, 0.98)
    twins.weir.patch({"tenants": {tenant: {"weight": WEIGHTS[tenant]} for tenant in weights}})


def tcp(t, twins, control):
    """All segments but a few are as large as they may be: of `segment` bytes that arrive, `mtu` + WIRE are on the wire."""
    mtu = twins.tenant_mtu
    segment = mtu - 20 - 20 - 12
    bits = {"red": (mtu + WIRE) * 8, "blue": DATAGRAM_BITS}
    goodput = []

    def client():
        goodput.append(traffic.iperf_tcp(twins.near["red"], twins.far["red"], FAR, "-C", control, seconds=4)[0])

    thread = threading.Thread(target=client)
    thread.start()
    time.sleep(1.5)
    got = rates(twins, bits, bits)
    thread.join()
    t.require(f"{control}: iperf3 reports", goodput)
    wire = goodput[0] * (mtu + WIRE) / segment
    t.note(f"TCP {control} beside a flood: goodput {goodput[0] / MBIT:.2f} Mbit/s, which takes {wire / MBIT:.2f} on the wire; "
           f"for 2 s {words(got)}")
    t.within(f"TCP {control} has its guarantee", wire, GUARANTEES["red"] * MBIT * 0.97, RATE)
    shared(t, f"TCP {control} beside a flood", got, WEIGHTS, 0.95)


def delays(t, twins, when):
    """Median of green's round trips, none of which is lost."""
    took = traffic.round_trips(twins.near["green"], FAR, count=100)
    t.equal(f"green's pings {when}", len(took), 100)
    t.require(f"green is answered {when}", took)
    median, most = (took[len(took) * part // 100] for part in (50, 99))
    t.note(f"green's ping {when}: median {median * 1e3:.2f} ms, p99 {most * 1e3:.2f} ms")
    return median


def beside(t, twins, alone):
    """A queue of the flood's takes 20 ms and more, and a frame 0.12 ms."""
    median = delays(t, twins, "beside the flood")
    t.within("green's delay beside the flood, median", median, 0, alone + 0.005)


def within(t, twins):
    """Datagrams within the guarantee, as unevenly as they come: none is lost, whatever else is on the port."""
    before = twins.weir.drops("red")
    pps = 0.9 * GUARANTEES["red"] * MBIT / DATAGRAM_BITS
    with traffic.Stream(twins.near["red"], twins.far["red"], FAR, 7000, pps=pps, size=SIZE) as stream:
        stream.wait_flowing()
        time.sleep(2)
    t.equal(f"red within its guarantee: lost of {stream.sent}", stream.lost, 0)
    t.equal("red within its guarantee: dropped", twins.weir.drops("red"), before)


def policed(t, twins):
    """Who does not wait has what it is guaranteed; the rest goes to those who wait."""
    twins.weir.patch({"tenants": {"red": {"excess": "police"}}})
    with flood(twins, "red"):
        time.sleep(0.3)
        got = rates(twins, ("red", "blue"), {"red": DATAGRAM_BITS, "blue": DATAGRAM_BITS})
    t.note(f"red policed, two floods: {words(got)} of wire bits")
    t.within("red's flood, policed", got["red"], GUARANTEES["red"] * MBIT * 0.95, GUARANTEES["red"] * MBIT * 1.05)
    t.within("all of the port with red policed", sum(got.values()), RATE * USED, RATE * 1.005)


def reasons(t, twins):
    """Who floods pays for it; also where the worker was kept from polling, and had to catch up with what came meanwhile."""
    for tenant, allowed in (("blue", {"port_share", "cpu_share"}), ("red", {"port_share", "cpu_share"}), ("green", set())):
        drops = twins.weir.drops(tenant)
        t.check(f"{tenant} has no other drops", drops.keys() <= allowed, drops)
        t.within(f"{tenant}'s packets dropped to catch up", drops.get("cpu_share", 0), 0, twins.weir.entered(tenant) / 100)
    drops = twins.weir.drops("blue")
    t.check("the flood's drops say why", drops.get("port_share", 0) > 10_000, drops)
    t.note(f"drops: blue {twins.weir.drops('blue')}, red {twins.weir.drops('red')}")
