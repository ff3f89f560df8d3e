# SPDX-License-Identifier: BSD-3-Clause
"""
Two virtual routers in a chain between real kernels: one host behind a vport, the other behind a kernel's VXLAN
gateway, a second tenant with the same addresses beside them, by Geneve.

    near -- [a] -- r1 -- [transit] -- r2 -- [b] == tunnel == far
"""
import contextlib
import ipaddress
import socket
import struct

from lib import geneve, net, traffic
from lib.shell import wait_until

LOCAL, PEER = "192.0.2.1", "192.0.2.2"
LOCAL_MAC = "02:00:00:00:aa:01"
NEAR, FAR = "10.0.1.10", "10.0.2.10"
NEAR6, FAR6 = "fd00:1::10", "fd00:2::10"
HOPS = {4: ["10.0.1.1", "10.0.12.2"], 6: ["fd00:1::1", "fd00:12::2"]}
NOBODY, UNROUTED, BLACKHOLE = "10.0.2.99", "10.77.0.1", "10.66.0.1"
TENANTS = {"red": 5001, "blue": 5002}
TUNNELS = {"red": "vxlan", "blue": "geneve"}

IP_RECVERR, IPV6_RECVERR = 11, 25
MSG_ERRQUEUE = 0x2000
IPV6_UNICAST_HOPS = 16


def routers():
    return {
        "r1": {"interfaces": {"a": {"addresses": ["10.0.1.1/24", "fd00:1::1/64"]},
                              "transit": {"addresses": ["10.0.12.1/30", "fd00:12::1/64"]}},
               "routes": {"10.0.2.0/24": {"via": "10.0.12.2"}, "fd00:2::/64": {"via": "fd00:12::2"},
                          "10.66.0.0/16": {"blackhole": True}}},
        "r2": {"interfaces": {"transit": {"addresses": ["10.0.12.2/30", "fd00:12::2/64"]},
                              "b": {"addresses": ["10.0.2.1/24", "fd00:2::1/64"]}},
               "routes": {"10.0.1.0/24": {"via": "10.0.12.1"}, "fd00:1::/64": {"via": "fd00:12::1"}}},
    }


class Chain:
    def __init__(self, scenario):
        self.ns, self.peer = scenario.netns("weir"), scenario.netns("peer")
        self.near = {tenant: scenario.netns(f"{tenant}-near") for tenant in TENANTS}
        self.far = {tenant: scenario.netns(f"{tenant}-far") for tenant in TENANTS}
        self.weir = scenario.weir(self.ns)
        ports = {"up0": {"devargs": net.packet_port(self.ns, "up0", self.peer, "eth0")}}
        self.peer.host("eth0", addresses=(f"{PEER}/24",))
        for tenant, vni in TENANTS.items():
            near, far = self.near[tenant], self.far[tenant]
            ports[f"p-{tenant}"] = {"devargs": net.packet_port(self.ns, f"p-{tenant}", near, "eth0")}
            near.host("eth0", addresses=(f"{NEAR}/24", f"{NEAR6}/64"))
            self._default(near, "eth0", "10.0.1.1", "fd00:1::1")
            host = {"mtu": 1500, "addresses": (f"{FAR}/24", f"{FAR6}/64")}
            if TUNNELS[tenant] == "geneve":
                geneve.device(scenario, self.peer, f"vx{vni}", vni, PEER, LOCAL, far, **host)
            else:
                net.vxlan(self.peer, f"vx{vni}", vni, PEER, LOCAL, far, **host)
            self._default(far, f"vx{vni}", "10.0.2.1", "fd00:2::1")
        self.weir.start(document={
            "ports": ports,
            "underlay": {"up0": {"address": [f"{LOCAL}/24"], "mac": LOCAL_MAC}},
            "tenants": {tenant: {"switches": {"a": {}, "transit": {}, "b": {"vni": vni, "tunnel": TUNNELS[tenant], "remotes": [PEER]}},
                                 "vports": {"host": {"switch": "a", "port": f"p-{tenant}"}},
                                 "routers": routers()} for tenant, vni in TENANTS.items()},
        })
        self.weir.wait_links(*ports)

    @staticmethod
    def _default(ns, dev, via, via6):
        ns.ip("route", "add", "default", "via", via, "dev", dev)
        ns.ip("-6", "route", "add", "default", "via", via6, "dev", dev)


def run(t):
    chain = Chain(t)
    with t.balanced(chain.weir):
        for tenant in TENANTS:
            near, far = chain.near[tenant], chain.far[tenant]
            t.equal(f"{tenant}: ping v4 through both routers", traffic.ping(near, FAR), 5)
            t.equal(f"{tenant}: ping v6 through both routers", traffic.ping(near, FAR6), 5)
            t.equal(f"{tenant}: ping v4 back", traffic.ping(far, NEAR), 5)
            for address in HOPS[4] + ["10.0.2.1", "10.0.12.1"] + HOPS[6] + ["fd00:2::1"]:
                t.equal(f"{tenant}: {address} answers pings", traffic.ping(near, address), 5)
            for family, target in ((4, FAR), (6, FAR6)):
                t.equal(f"{tenant}: traceroute v{family}", trace(near, target), HOPS[family] + [target])
        shown(t, chain)
        errors(t, chain)
        for tenant in TENANTS:
            path_mtu(t, chain, tenant)
        reroute(t, chain)
    for tenant in TENANTS:
        t.equal(f"{tenant}: balance", chain.weir.balance(tenant), 0)


def shown(t, chain):
    """What listings say of it, against what was sent: the packets of the pings that are in the tables already."""
    call = chain.weir.call
    routers_seen = rows(call("/weir/router/list", "red"))
    t.equal("routers", [row["name"] for row in routers_seen], ["red/r1", "red/r2"])
    t.equal("r1's interfaces, routes", [routers_seen[0][key] for key in ("interfaces", "routes")], [2, 11])
    routes = {(row["router"], row["prefix"]): row for row in rows(call("/weir/router/routes", "red"))}
    t.equal("a route", [routes["red/r1", "10.0.2.0/24"][key] for key in ("kind", "via", "switch")],
            ["via", "10.0.12.2", "transit"])
    t.equal("a blackhole", routes["red/r1", "10.66.0.0/16"]["kind"], "blackhole")
    before = counted(chain)
    traffic.ping(chain.near["red"], FAR, count=20)
    wait_until("the pings are counted", lambda: counted(chain)[0] >= before[0] + 20)
    went, back = (now - then for now, then in zip(counted(chain), before))
    t.equal("packets by the route there", went, 20)
    t.equal("packets by the route back", back, 20)
    stats = call("/weir/router/stats", "red/r1")
    seen = rows(call("/weir/router/interfaces", "red"))
    t.equal("a router is the sum of its interfaces",
            stats["in_packets"], sum(row["in_packets"] for row in seen if row["router"] == "red/r1"))
    known = {row["ip"]: row for row in rows(call("/weir/neigh/list", "red"))}
    t.equal("a neighbour", [known[NEAR][key] for key in ("state", "router", "switch")], ["reachable", "red/r1", "a"])
    t.check("the other end's", FAR in known, known.keys())


def rows(page):
    columns = {key: value for key, value in page.items() if isinstance(value, list)}
    return [dict(zip(columns, values)) for values in zip(*columns.values())]


def counted(chain):
    routes = {(row["router"], row["prefix"]): row["packets"] for row in rows(chain.weir.call("/weir/router/routes", "red"))}
    return routes["red/r1", "10.0.2.0/24"], routes["red/r2", "10.0.1.0/24"]


def error_of(ns, target, ttl=64, payload=b"x" * 32, wait=5.0):
    """Sends a UDP packet to a port that nobody has; returns who sent the ICMP error about it, its type and code."""
    v6 = ":" in target
    family = socket.AF_INET6 if v6 else socket.AF_INET
    with ns.socket(family, socket.SOCK_DGRAM, 0) as probe:
        level = socket.IPPROTO_IPV6 if v6 else socket.IPPROTO_IP
        probe.setsockopt(level, IPV6_RECVERR if v6 else IP_RECVERR, 1)
        probe.setsockopt(level, IPV6_UNICAST_HOPS if v6 else socket.IP_TTL, ttl)
        probe.connect((target, 33434 + ttl))
        probe.send(payload)
        return wait_until(f"an answer from hop {ttl} to {target}", lambda: read_error(probe), timeout=wait)


def read_error(probe):
    with contextlib.suppress(BlockingIOError):
        _, ancillary, _, _ = probe.recvmsg(2048, 512, MSG_ERRQUEUE | socket.MSG_DONTWAIT)
        for _, _, data in ancillary:
            if len(data) >= 32:
                _, origin, kind, code = struct.unpack_from("=IBBB", data)
                offender = data[24:40] if origin == 3 else data[20:24]
                return str(ipaddress.ip_address(offender)), kind, code
    return None


def trace(ns, target):
    hops = []
    for ttl in range(1, 8):
        hops.append(error_of(ns, target, ttl)[0])
        if hops[-1] == target:
            break
    return hops


def errors(t, chain):
    near = chain.near["red"]
    t.equal("no route", error_of(near, UNROUTED), ("10.0.1.1", 3, 0))
    t.equal("nobody there", error_of(near, NOBODY, wait=10.0), ("10.0.12.2", 3, 1))
    t.equal("nobody there v6", error_of(near, "fd00:2::99", wait=10.0), ("fd00:12::2", 1, 3))
    t.equal("no such port of a router", error_of(near, "10.0.12.2"), ("10.0.12.2", 3, 3))
    before = chain.weir.drops("red").get("blackhole", 0)
    t.equal("a blackhole is silent", traffic.ping(near, BLACKHOLE, count=3, wait=0.2), 0)
    wait_until("the blackhole counts", lambda: chain.weir.drops("red").get("blackhole", 0) == before + 3)
    drops = chain.weir.drops("red")
    t.check("each with its reason", {"ttl_exceeded", "unrouted", "neigh_unresolved", "to_router", "blackhole"} <= drops.keys(),
            drops)


def path_mtu(t, chain, tenant):
    """Hosts believe in 1500 bytes; the tunnel takes 1450. A transfer of full segments has to find that out."""
    near, far, where = chain.near[tenant], chain.far[tenant], f"{TUNNELS[tenant]} tunnel"
    for family, address in ((4, FAR), (6, FAR6)):
        rate, received = traffic.iperf_tcp(near, far, address)
        t.check(f"TCP v{family} through the {where}", received > 1_000_000, f"{received} bytes")
        t.note(f"TCP v{family} through two routers and a {where}: {rate / 1e6:.0f} Mbit/s")
    t.check(f"too large for the {where}", chain.weir.drops(tenant).get("mtu", 0) >= 1, chain.weir.drops(tenant))
    t.equal(f"a whole ping that fits the {where}", traffic.ping(near, FAR, size=1450 - 28, whole=True), 5)
    learned = near.run("ip", "route", "get", FAR)
    t.check(f"the host has learned the MTU of the {where}", "mtu 1450" in learned, learned)


def reroute(t, chain):
    """A change of routes acts on what flows."""
    near = chain.near["red"]
    chain.weir.patch({"tenants": {"red": {"routers": {"r1": {"routes": {f"{FAR}/32": {"blackhole": True}}}}}}})
    t.equal("a longer route takes over", traffic.ping(near, FAR, count=3, wait=0.2), 0)
    t.equal("of one tenant", traffic.ping(chain.near["blue"], FAR), 5)
    chain.weir.patch({"tenants": {"red": {"routers": {"r1": {"routes": {f"{FAR}/32": None}}}}}})
    t.equal("and gives back", traffic.ping(near, FAR), 5)
    chain.weir.patch({"tenants": {"red": {"routers": {"r2": None}}}})
    t.equal("without its second router", traffic.ping(near, FAR, count=3, wait=0.2), 0)
    chain.weir.patch({"tenants": {"red": {"routers": {"r2": routers()["r2"]}}}})
    t.equal("with it again", traffic.ping(near, FAR), 5)
