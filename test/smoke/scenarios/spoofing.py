# SPDX-License-Identifier: BSD-3-Clause
"""A vport with `mac` and `addresses` passes what its host may send, and nothing else; each refusal has its reason."""
from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.inet6 import (ICMPv6MLReport2, ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6ND_RS, ICMPv6NDOptDstLLAddr,
                                ICMPv6NDOptSrcLLAddr, IPv6, IPv6ExtHdrHopByHop)
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Raw

from lib.shell import wait_until
from lib.topology import Wires

MINE, OTHER = "02:00:00:00:00:01", "02:00:00:00:00:02"
EUI64 = "fe80::ff:fe00:1"
ALL = "ff:ff:ff:ff:ff:ff"


def udp4(src="10.0.0.5", smac=MINE, **ip):
    return Ether(src=smac, dst=OTHER) / IP(src=src, dst="10.0.0.6", **ip) / UDP(sport=1, dport=2)


def udp6(src="fd00::5", smac=MINE):
    return Ether(src=smac, dst=OTHER) / IPv6(src=src, dst="fd00::6") / UDP(sport=1, dport=2)


def arp(smac=MINE, hwsrc=MINE, psrc="10.0.0.5", pdst="10.0.0.6", op=1):
    return Ether(src=smac, dst=ALL) / ARP(op=op, hwsrc=hwsrc, psrc=psrc, pdst=pdst)


def solicit(src, target, lladdr=None):
    frame = Ether(src=MINE, dst="33:33:ff:00:00:06") / IPv6(src=src, dst="ff02::1:ff00:6", hlim=255)
    frame = frame / ICMPv6ND_NS(tgt=target)
    return frame / ICMPv6NDOptSrcLLAddr(lladdr=lladdr) if lladdr else frame


def advertise(target, lladdr, src="fd00::5"):
    return (Ether(src=MINE, dst=OTHER) / IPv6(src=src, dst="fd00::6", hlim=255)
            / ICMPv6ND_NA(tgt=target, R=0, S=1, O=1) / ICMPv6NDOptDstLLAddr(lladdr=lladdr))


DISCOVER = (Ether(src=MINE, dst=ALL) / IP(src="0.0.0.0", dst="255.255.255.255") / UDP(sport=68, dport=67)
            / BOOTP(op=1, chaddr=bytes.fromhex("020000000001")) / DHCP(options=[("message-type", "discover"), "end"]))
MLD = (Ether(src=MINE, dst="33:33:00:00:00:16") / IPv6(src="::", dst="ff02::16", hlim=1)
       / IPv6ExtHdrHopByHop(options=[]) / ICMPv6MLReport2(records_number=0))
ROUTERS = Ether(src=MINE, dst="33:33:00:00:00:02") / IPv6(src=EUI64, dst="ff02::2", hlim=255) / ICMPv6ND_RS()

# (what, frame, the reason for its drop or None)
CASES = (
    ("IPv4 of its address", udp4(), None),
    ("IPv6 of its address", udp6(), None),
    ("its MAC-derived link-local address", udp6(src=EUI64), None),
    ("ARP request", arp(), None),
    ("ARP reply", arp(op=2), None),
    ("ARP probe", arp(psrc="0.0.0.0", pdst="10.0.0.5"), None),
    ("DHCP discover", DISCOVER, None),
    ("duplicate address detection", solicit("::", "fd00::5"), None),
    ("neighbour solicitation", solicit("fd00::5", "fd00::6", MINE), None),
    ("neighbour advertisement", advertise("fd00::5", MINE), None),
    ("MLD report from ::", MLD, None),
    ("router solicitation", ROUTERS, None),
    ("another MAC", udp4(smac="02:00:00:00:00:99"), "spoofed_mac"),
    ("another MAC over IPv6", udp6(smac="02:00:00:00:00:99"), "spoofed_mac"),
    ("a group MAC", udp4(smac="03:00:00:00:00:01"), "bad_source_mac"),
    ("MAC zero", udp4(smac="00:00:00:00:00:00"), "bad_source_mac"),
    ("another address", udp4(src="10.0.0.7"), "spoofed_ip"),
    ("another IPv6 address", udp6(src="fd00::7"), "spoofed_ip"),
    ("somebody else's link-local address", udp6(src="fe80::1"), "spoofed_ip"),
    ("0.0.0.0 without DHCP", udp4(src="0.0.0.0"), "spoofed_ip"),
    (":: without DAD or MLD", udp6(src="::"), "spoofed_ip"),
    ("ARP for another address", arp(psrc="10.0.0.7"), "spoofed_ip"),
    ("ARP with another MAC inside", arp(hwsrc="02:00:00:00:00:99"), "spoofed_mac"),
    ("ARP probe with another MAC inside", arp(hwsrc=OTHER, psrc="0.0.0.0"), "spoofed_mac"),
    ("advertisement of another address", advertise("fd00::7", MINE), "spoofed_ip"),
    ("advertisement of another MAC", advertise("fd00::5", OTHER), "spoofed_mac"),
    ("solicitation with another MAC inside", solicit("fd00::5", "fd00::6", OTHER), "spoofed_mac"),
    ("IPv4 with a total length that lies", udp4(len=2000) / Raw(b"x" * 20), "bad_ipv4"),
    ("IPv4 with a header length of 4", udp4(ihl=1), "bad_ipv4"),
    ("UDP cut off", Ether(src=MINE, dst=OTHER) / IP(src="10.0.0.5", dst="10.0.0.6", proto=17) / Raw(b"abc"), "bad_l4"),
    ("ARP cut off", Ether(src=MINE, dst=ALL, type=0x0806) / Raw(b"\x00\x01\x08\x00"), "bad_arp"),
    ("a bridge's own group", Ether(src=MINE, dst="01:80:c2:00:00:00", type=0x88cc) / Raw(b"x" * 46),
     "link_local"),
    ("echo request of its own", Ether(src=MINE, dst=OTHER) / IP(src="10.0.0.5", dst="10.0.0.6") / ICMP(), None),
)


def run(t):
    wires = Wires(t, "one", "two")
    wires.start({"red": {
        "switches": {"web": {}},
        "vports": {"one": {"switch": "web", "port": "one", "mac": MINE, "addresses": ["10.0.0.5", "fd00::5"]},
                   "two": {"switch": "web", "port": "two"}}}})
    with t.balanced(wires.weir):
        for at, (what, frame, reason) in enumerate(CASES):
            one(t, wires, what, marked(frame, at), reason)
        addresses_change(t, wires)


def marked(frame, at):
    """Its last bytes are its own, beyond what its headers claim."""
    marker = f"<{at:03}>".encode()
    return bytes(frame).ljust(60, b"\0") + marker, marker


def one(t, wires, what, frame, reason):
    data, marker = frame
    before = wires.weir.vport("red/one")
    wires.wire["one"].send(data)
    stats = wait_until(f"{what}: received", lambda: received(wires, before["rx_packets"] + 1))
    if reason is None:
        t.check(f"{what} passes", wires.wire["two"].wait_for(marker), drops(before, stats))
        return
    t.equal(f"{what}: drops", drops(before, stats), {reason: 1})
    t.check(f"{what} is not seen beyond", not wires.wire["two"].having(marker))


def received(wires, packets):
    stats = wires.weir.vport("red/one")
    return stats if stats["rx_packets"] >= packets else None


def drops(before, after):
    return {key.removeprefix("drop_"): after[key] - before.get(key, 0)
            for key in after if key.startswith("drop_") and after[key] != before.get(key, 0)}


def addresses_change(t, wires):
    """A patch of the addresses holds for the next packet of a flow that was let through."""
    wires.weir.patch({"tenants": {"red": {"vports": {"one": {"addresses": ["10.0.0.7"]}}}}})
    one(t, wires, "the address it no longer has", marked(udp4(), 900), "spoofed_ip")
    one(t, wires, "the one it has now", marked(udp4(src="10.0.0.7"), 901), None)
    wires.weir.patch({"tenants": {"red": {"vports": {"one": {"addresses": None, "mac": None}}}}})
    one(t, wires, "anything, once nothing is demanded", marked(udp4(src="10.0.0.9", smac="02:00:00:00:00:77"), 902),
        None)
