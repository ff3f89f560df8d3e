# SPDX-License-Identifier: BSD-3-Clause
"""Jumbo frames over af_packet; what exceeds the MTU is dropped and counted as that."""
from lib import traffic
from lib.topology import FAR, FAR6, Twins


def run(t):
    twins = Twins(t, mtu=9000)
    twins.start("--mbuf-size", "9216", "--mbufs", "16384")
    near, far = twins.near["red"], twins.far["red"]
    with t.balanced(twins.weir):
        whole = twins.tenant_mtu - 28
        t.equal("ping of the largest packet", traffic.ping(near, FAR, size=whole, whole=True), 5)
        t.equal("ping v6 of the largest packet", traffic.ping(near, FAR6, size=whole - 20, whole=True), 5)
        rate, _ = traffic.iperf_tcp(near, far, FAR)
        t.check("TCP in jumbo frames moves", rate > 50e6, f"{rate:.3g} bit/s")
        rate, _ = traffic.iperf_tcp(near, far, FAR, "-R")
        t.check("TCP back moves", rate > 50e6, f"{rate:.3g} bit/s")
        too_large(t, twins, near)


def too_large(t, twins, near):
    """A host that believes in 9000 bytes sends one more than fits beside the tunnel headers."""
    near.ip("link", "set", "eth0", "mtu", 9000)
    before = twins.weir.drops("red").get("mtu", 0)
    size = twins.tenant_mtu + 1 - 28
    t.equal("ping of one byte more", traffic.ping(near, FAR, count=4, size=size, whole=True), 0)
    t.equal("its drops, by reason", twins.weir.drops("red").get("mtu", 0) - before, 4)
    t.equal("the largest still passes", traffic.ping(near, FAR, size=size - 1, whole=True), 5)
