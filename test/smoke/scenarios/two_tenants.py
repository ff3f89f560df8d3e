# SPDX-License-Identifier: BSD-3-Clause
"""Two tenants with the same MACs and addresses talk through weir to a kernel VXLAN peer, each to its own far end."""
import socket
import time

from lib import traffic
from lib.shell import wait_until
from lib.topology import FAR, FAR6, NEAR, NEAR6, TENANTS, Twins


def run(t):
    talk(t, Twins(t, family=4, red_tap=True))


def talk(t, twins):
    twins.start()
    lost = {tenant: at_start(t, twins, tenant) for tenant in TENANTS}
    with t.balanced(twins.weir):
        for tenant in TENANTS:
            pings(t, twins, tenant)
        twins.settle()
        for tenant in TENANTS:
            exact_counts(t, twins, tenant)
            no_drop_since(t, twins, tenant, lost)
            streams(t, twins, tenant)
            lost[tenant] = by_streams(t, twins, tenant, lost)
        isolation(t, twins)
    for tenant in TENANTS:
        t.equal(f"{tenant}: balance", twins.weir.balance(tenant), 0)
        no_drop_since(t, twins, tenant, lost)


def at_start(t, twins, tenant):
    """
    A tap that is being moved to its host's namespace is down: it takes nothing of what the far end's kernel says. And
    hosts speak as soon as they are up, when the far gateway of a busy machine may not have answered in time.
    """
    time.sleep(0.05)  # a reading may be 10 ms old
    drops = twins.weir.drops(tenant)
    t.check(f"{tenant}: nothing was dropped while its host was there",
            drops.keys() <= {"neigh_unresolved"} | ({"tx_full"} if tenant in twins.tapped else set()), drops)
    return drops


def by_streams(t, twins, tenant, lost):
    """A kernel that is busy elsewhere may leave a socket's ring full for a moment: streams make up for that."""
    drops = twins.weir.drops(tenant)
    full = drops.get("tx_full", 0)
    others, before = ({reason: n for reason, n in counts.items() if reason != "tx_full"} for counts in (drops, lost[tenant]))
    t.equal(f"{tenant}: no drop for another reason", others, before)
    t.within(f"{tenant}: packets lost to full rings", full - lost[tenant].get("tx_full", 0),
             0, twins.weir.entered(tenant) / 1000)
    return drops


def no_drop_since(t, twins, tenant, lost):
    t.equal(f"{tenant}: no drop that nobody asked for", twins.weir.drops(tenant), lost[tenant])


def pings(t, twins, tenant):
    """The first packets wait for ARP and ND in the underlay; none of them is lost."""
    near, far = twins.near[tenant], twins.far[tenant]
    t.equal(f"{tenant}: ping v4", traffic.ping(near, FAR), 5)
    t.equal(f"{tenant}: ping v6", traffic.ping(near, FAR6), 5)
    t.equal(f"{tenant}: ping v4 back", traffic.ping(far, NEAR), 5)
    t.equal(f"{tenant}: ping v6 back", traffic.ping(far, NEAR6), 5)
    whole = twins.tenant_mtu - 28
    t.equal(f"{tenant}: ping of the largest packet", traffic.ping(near, FAR, size=whole, whole=True), 5)


def exact_counts(t, twins, tenant):
    """What the host's interface sent and received is what the vport says, to the byte."""
    near, dev, vport = twins.near[tenant], twins.near_dev(tenant), f"{tenant}/host"

    def looked():
        stats = twins.weir.vport(vport)
        rx_packets, rx_bytes, tx_packets, tx_bytes = near.counts(dev)
        return (stats["rx_packets"] - tx_packets, stats["rx_bytes"] - tx_bytes,
                stats["tx_packets"] - rx_packets, stats["tx_bytes"] - rx_bytes), tx_packets

    def quiet():
        first = looked()
        time.sleep(0.1)
        return first if looked() == first else None

    before, _ = wait_until("the wire is quiet", quiet)
    t.equal(f"{tenant}: 50 large pings", traffic.ping(near, FAR, count=50, size=1000), 50)
    with traffic.Stream(near, twins.far[tenant], FAR, 7000, pps=1000) as stream:
        stream.wait_flowing()
        time.sleep(0.5)
    t.equal(f"{tenant}: datagrams lost", stream.lost, 0)
    after, sent = wait_until("the wire is quiet again", quiet)
    t.check(f"{tenant}: the host sent something", sent > 50 + stream.sent)
    t.equal(f"{tenant}: vport and interface differ by as much as before", after, before)


def streams(t, twins, tenant):
    near, far, vport = twins.near[tenant], twins.far[tenant], f"{tenant}/host"
    before = twins.weir.vport(vport)
    out, back, udp = [], [], []

    def tcp(moved, *options):
        rate, received = traffic.iperf_tcp(near, far, FAR, *options)
        moved.append(received)
        return rate

    def datagrams(address):
        rate, sent, lost = traffic.iperf_udp(near, far, address, "20M", size=1200)
        udp.append((sent * 1200, (sent - lost) * 1200))
        return rate

    t.steady(f"{tenant}: TCP out", lambda: tcp(out), 50e6, 100e9)
    t.steady(f"{tenant}: TCP in", lambda: tcp(back, "-R"), 50e6, 100e9)
    t.steady(f"{tenant}: UDP of 20 Mbit/s", lambda: datagrams(FAR), 19.6e6, 20.2e6)
    t.steady(f"{tenant}: UDP of 20 Mbit/s over IPv6", lambda: datagrams(FAR6), 19.6e6, 20.2e6)
    after = twins.weir.vport(vport)
    sent, arrived = map(sum, zip(*udp))
    t.within(f"{tenant}: bytes that the vport saw leave", after["rx_bytes"] - before["rx_bytes"],
             sum(out) + arrived, (sum(out) + sent) * 1.15 + sum(back) * 0.1)
    t.within(f"{tenant}: bytes that the vport saw come", after["tx_bytes"] - before["tx_bytes"],
             sum(back), sum(back) * 1.15 + sum(out) * 0.1)


def isolation(t, twins):
    """A datagram marked with its tenant's name is seen at its own tenant's ends, and at no other."""
    ends = {(tenant, end): t.enter(traffic.Wire(ns, dev))
            for tenant in TENANTS
            for end, ns, dev in (("near", twins.near[tenant], twins.near_dev(tenant)),
                                 ("far", twins.far[tenant], f"vx{TENANTS[tenant]}"))}
    for tenant in TENANTS:
        for end, ns, address in (("far", twins.near[tenant], FAR), ("near", twins.far[tenant], NEAR)):
            marker = f"only {tenant} to {end}".encode()
            with ns.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                for _ in range(20):
                    sender.sendto(marker, (address, 9))
            arrived = len(ends[tenant, end].wait_for(marker, 20))
            t.equal(f"{marker.decode()}: arrived", arrived, 20)
            strays = [where for where, wire in ends.items() if where[0] != tenant and wire.having(marker)]
            t.equal(f"{marker.decode()}: seen by others", strays, [])
