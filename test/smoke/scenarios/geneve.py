# SPDX-License-Identifier: BSD-3-Clause
"""A switch by Geneve, another stack at its other end, over both IP versions; beside it one by VXLAN to the same gateway."""
from scapy.contrib.geneve import GENEVE, GeneveOptions
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether
from scapy.layers.vxlan import VXLAN
from scapy.packet import Raw

from lib import traffic
from lib.shell import wait_until
from lib.topology import FAR, FAR6, FAR_MAC, LOCAL_MAC, NEAR, NEAR_MAC, PEER_MAC, TENANTS, UNDERLAY, Twins

from .two_tenants import isolation, pings

VNI = TENANTS["red"]


def run(t):
    for family in (4, 6):
        over(t, family)


def over(t, family):
    twins = Twins(t, family=family, by_geneve="red")
    twins.start()
    with t.balanced(twins.weir):
        for tenant in TENANTS:
            pings(t, twins, tenant)
        formats = {row["name"]: row["tunnel"] for row in twins.weir.client.listing("/weir/switch/list")}
        t.equal(f"v{family}: tunnels listed", formats, {"red/web": "geneve", "blue/web": "vxlan"})
        streams(t, twins)
        twins.settle()
        isolation(t, twins)
        options(t, twins)
        refused(t, twins)
        another_format(t, twins)
    for tenant in TENANTS:
        t.equal(f"{tenant}: balance", twins.weir.balance(tenant), 0)
    twins.weir.stop()


def streams(t, twins):
    rates = []
    for address in (FAR, FAR6):
        for way, extra in (("out", ()), ("in", ("-R",))):
            rate, received = traffic.iperf_tcp(twins.near["red"], twins.far["red"], address, *extra)
            t.check(f"v{twins.family}: TCP to {address} {way}", received > 1_000_000, f"{received} bytes")
            rates.append(rate)
    t.note(f"TCP by Geneve over v{twins.family}: {min(rates) / 1e6:.0f} to {max(rates) / 1e6:.0f} Mbit/s; "
           f"the other end is {twins.geneve_by}")


def packet(twins, port, header, marker):
    """From the other gateway, a datagram to red's host in it."""
    local, peer = UNDERLAY[twins.family]
    outer = IP(src=peer, dst=local) if twins.family == 4 else IPv6(src=peer, dst=local)
    inner = Ether(src=FAR_MAC, dst=NEAR_MAC) / IP(src=FAR, dst=NEAR) / UDP(sport=5, dport=9) / Raw(marker)
    return bytes(Ether(src=PEER_MAC, dst=LOCAL_MAC) / outer / UDP(sport=50000, dport=port) / header / inner)


def geneve(**fields):
    return GENEVE(vni=VNI, proto=0x6558, **fields)


def options(t, twins):
    """Those that nobody has to understand are skipped, as many as there may be."""
    wire, host = t.enter(traffic.Wire(twins.peer, "eth0")), t.enter(traffic.Wire(twins.near["red"], "eth0"))
    for count in (0, 1, 2):
        marker = f"{count} options of 120 bytes".encode()
        some = [GeneveOptions(classid=0x0102, type=1, data=bytes(range(120)))] * count
        wire.send(packet(twins, 6081, geneve(options=some), marker))
        t.equal(f"v{twins.family}: {marker.decode()}", len(host.wait_for(marker)), 1)


# (what, port, header, reason)
REFUSED = (
    ("critical options", 6081, geneve(critical=1, options=[GeneveOptions(classid=1, type=0x80, data=bytes(4))]), "bad_geneve"),
    ("OAM", 6081, geneve(oam=1), "bad_geneve"),
    ("another version", 6081, geneve(version=1), "bad_geneve"),
    ("IP without Ethernet", 6081, GENEVE(vni=VNI, proto=0x0800), "bad_geneve"),
    ("options longer than the packet", 6081, geneve(optionlen=63), "bad_geneve"),
    ("VXLAN with the VNI of a switch by Geneve", 4789, VXLAN(vni=VNI, flags=8), "unknown_vni"),
    ("Geneve with the VNI of a switch by VXLAN", 6081, GENEVE(vni=TENANTS["blue"], proto=0x6558), "unknown_vni"),
)


def refused(t, twins):
    wire = t.enter(traffic.Wire(twins.peer, "eth0"))
    for what, port, header, reason in REFUSED:
        before = twins.weir.drops().get(reason, 0)
        wire.send(packet(twins, port, header, b"not for anyone"))
        try:
            wait_until(what, lambda r=reason, b=before: twins.weir.drops().get(r, 0) == b + 1, timeout=2)
            t.check(f"v{twins.family}: {what}: {reason}", True)
        except TimeoutError:
            t.check(f"v{twins.family}: {what}: {reason}", False, twins.weir.drops())


def another_format(t, twins):
    """With one end by VXLAN nothing passes, until it is Geneve again."""
    near, far = twins.near["red"], twins.far["red"]
    twins.weir.patch({"tenants": {"red": {"switches": {"web": {"tunnel": None}}}}})
    before = twins.weir.drops().get("unknown_vni", 0)
    t.equal(f"v{twins.family}: by VXLAN", traffic.ping(near, FAR, count=3, wait=0.2), 0)
    t.equal(f"v{twins.family}: by VXLAN, back", traffic.ping(far, NEAR, count=3, wait=0.2), 0)
    wait_until("they are counted", lambda: twins.weir.drops().get("unknown_vni", 0) >= before + 3)
    t.equal(f"v{twins.family}: the other tenant", traffic.ping(twins.near["blue"], FAR), 5)
    twins.weir.patch({"tenants": {"red": {"switches": {"web": {"tunnel": "geneve"}}}}})
    t.equal(f"v{twins.family}: by Geneve again", traffic.ping(near, FAR), 5)
