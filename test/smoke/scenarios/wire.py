# SPDX-License-Identifier: BSD-3-Clause
"""What weir sends into the underlay, in tshark's eyes: VXLAN or Geneve, good checksums, source ports by inner flow."""
import os
import socket

from lib import shell, traffic
from lib.topology import FAR, FAR6, FAR_MAC, LOCAL_MAC, PEER_MAC, TENANTS, UNDERLAY, Twins

FIELDS = ("frame.protocols", "eth.src", "eth.dst", "ip.src", "ip.dst", "ip.flags.df", "ip.ttl", "ipv6.src",
          "ipv6.dst", "udp.srcport", "udp.dstport", "vxlan.vni", "geneve.vni", "geneve.version", "geneve.flags",
          "geneve.proto_type", "geneve.options", "ip.checksum.status", "udp.checksum.status", "udp.checksum",
          "udp.length")
PORTS = {"vxlan": "4789", "geneve": "6081"}
FLOWS = 40


def run(t):
    for tunnel in PORTS:
        for family in (4, 6):
            over(t, tunnel, family)


def over(t, tunnel, family):
    twins = Twins(t, family=family, by_geneve="red" if tunnel == "geneve" else None)
    where = f"{tunnel} over v{family}"
    twins.start()
    twins.settle()
    traffic.ping(twins.near["red"], FAR)
    wire = t.enter(traffic.Wire(twins.peer, "eth0"))
    send(twins)
    frames = wire.wait_for(b"look at me", FLOWS * 2 * 3)
    t.equal(f"{where}: frames on the wire", len(frames), FLOWS * 2 * 3)
    rows = decode(os.path.join(t.folder, f"{tunnel}{family}.pcap"), frames)
    local, peer = UNDERLAY[family]
    outer = "ip" if family == 4 else "ipv6"
    # What tshark takes the payload for, by its looks or its ports, is its own guess.
    t.equal(f"{where}: layers", {":".join(row["frame.protocols"][0].split(":")[:9]) for row in rows},
            {f"eth:ethertype:{outer}:udp:{tunnel}:eth:ethertype:{inner}:udp" for inner in ("ip", "ipv6")})
    t.equal(f"{where}: outer MACs", {(row["eth.src"][0], row["eth.dst"][0]) for row in rows},
            {(LOCAL_MAC, PEER_MAC)})
    t.equal(f"{where}: inner MACs", {row["eth.dst"][1] for row in rows}, {FAR_MAC})
    t.equal(f"{where}: outer addresses",
            {(row[f"{outer}.src"][0], row[f"{outer}.dst"][0]) for row in rows}, {(local, peer)})
    t.equal(f"{where}: VNI and port", {(int(row[f"{tunnel}.vni"][0], 0), row["udp.dstport"][0]) for row in rows},
            {(TENANTS["red"], PORTS[tunnel])})
    if tunnel == "geneve":
        t.equal(f"{where}: version, flags, protocol, options", {tuple(row[f"geneve.{field}"][0] for field in (
            "version", "flags", "proto_type", "options")) for row in rows}, {("0", "0x00", "0x6558", "")})
    t.equal(f"{where}: IPv4 header checksums",
            {status for row in rows for status in row["ip.checksum.status"] if status}, {"1"})
    t.equal(f"{where}: inner UDP checksums", {row["udp.checksum.status"][-1] for row in rows}, {"1"})
    if family == 4:
        t.equal(f"{where}: DF outside", {row["ip.flags.df"][0] for row in rows}, {"1"})
        t.equal(f"{where}: no outer UDP checksum", {row["udp.checksum"][0] for row in rows}, {"0x0000"})
    else:
        t.equal(f"{where}: outer UDP checksums", {row["udp.checksum.status"][0] for row in rows}, {"1"})
    source_ports(t, where, rows)
    twins.weir.stop()


def send(twins):
    """Three datagrams of each of FLOWS flows, over IPv4 to port 9 and over IPv6 to port 10."""
    for family, address, port in ((socket.AF_INET, FAR, 9), (socket.AF_INET6, FAR6, 10)):
        for _ in range(FLOWS):
            with twins.near["red"].socket(family, socket.SOCK_DGRAM) as flow:
                for _ in range(3):
                    flow.sendto(b"look at me", (address, port))


def decode(path, frames):
    traffic.write_pcap(path, frames)
    options = ("-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-T", "fields", "-E", "separator=|")
    fields = [word for field in FIELDS for word in ("-e", field)]
    lines = shell.run("tshark", "-n", "-r", path, *options, *fields).splitlines()
    return [dict(zip(FIELDS, (value.split(",") for value in line.split("|")))) for line in lines]


def source_ports(t, where, rows):
    """One flow keeps its port; flows differ, all in the ephemeral range."""
    by_flow = {}
    for row in rows:
        by_flow.setdefault((row["udp.srcport"][1], row["udp.dstport"][1]), set()).add(int(row["udp.srcport"][0]))
    t.check(f"{where}: one source port a flow", all(len(ports) == 1 for ports in by_flow.values()), by_flow)
    ports = {port for each in by_flow.values() for port in each}
    t.check(f"{where}: source ports differ by flow", len(ports) > FLOWS, len(ports))
    t.check(f"{where}: source ports from 49152 up", min(ports) >= 49152, min(ports))
