# SPDX-License-Identifier: BSD-3-Clause
"""
Firewalls between real kernels: one at a host's vport, one at the interface by which a router reaches a kernel's VXLAN
gateway, a second tenant with the same addresses and other rules beside them.

    near -- {edge} -- [a] -- r1 -- {border} -- [b] == tunnel == far
"""
import errno
import json
import socket
import struct
import time

from lib import net, talk, traffic
from lib.shell import wait_until
from lib.weirctl import Weirctl
from scenarios.routing import error_of

LOCAL, PEER = "192.0.2.1", "192.0.2.2"
NEAR, FAR = "10.0.1.10", "10.0.2.10"
NEAR6, FAR6 = "fd00:1::10", "fd00:2::10"
OTHER = "10.0.1.11"  # another address of near's
TENANTS = {"red": 5001, "blue": 5002}
QUOTA = 200  # blue's connections

REASONS = {"denied", "rejected", "no_connection", "no_first_fragment", "connection_quota", "connections_full"}

MB = 1 << 20
OPEN, WATCHED = 5000, 5050              # from near to far; WATCHED by a rule of its own
HALF, INSIDE = 6000, 6001               # from far to near: past the border only, and past both
EDGE_REJECTS, BORDER_REJECTS = 7000, 7001
NOWHERE = 9
UNREACHABLE = 33434 + 64                # as error_of() has it

WATCHED_RULE = {"action": "allow", "direction": "in", "proto": "tcp", "dport": WATCHED}
EDGE = [
    {"action": "allow", "direction": "in", "proto": "tcp", "src": "@inside", "dport": [OPEN, BORDER_REJECTS]},
    {"action": "allow", "direction": "in", "proto": "udp", "src": "@inside",
     "dport": [OPEN, BORDER_REJECTS, UNREACHABLE]},
    {"action": "allow", "direction": "in", "proto": "icmp", "icmp_type": 8},
    {"action": "allow", "direction": "in", "proto": "icmpv6", "icmp_type": 128},
    WATCHED_RULE,
    {"action": "allow", "direction": "out", "proto": "tcp", "dst": "@inside", "dport": INSIDE},
    {"action": "allow", "direction": "out", "proto": "udp", "dst": "@inside", "dport": [INSIDE, UNREACHABLE]},
    {"action": "reject", "direction": "in", "proto": "tcp", "dport": EDGE_REJECTS},
    {"action": "reject", "direction": "in", "proto": "udp", "dport": EDGE_REJECTS},
    {"action": "deny"},
]
BORDER = [
    {"action": "allow", "direction": "out", "proto": "tcp", "dport": f"{OPEN}-{WATCHED}"},
    {"action": "allow", "direction": "out", "proto": "udp", "dport": [OPEN, UNREACHABLE]},
    {"action": "allow", "direction": "out", "proto": "icmp", "icmp_type": 8},
    {"action": "allow", "direction": "out", "proto": "icmpv6", "icmp_type": 128},
    {"action": "allow", "direction": "in", "proto": "tcp", "dport": f"{HALF}-{INSIDE}"},
    {"action": "allow", "direction": "in", "proto": "udp", "dport": [HALF, INSIDE, UNREACHABLE]},
    {"action": "reject", "proto": "tcp", "dport": BORDER_REJECTS},
    {"action": "reject", "proto": "udp", "dport": BORDER_REJECTS},
    {"action": "deny"},
]
BLUE = [{"action": "allow", "direction": "in", "proto": "tcp"},
        {"action": "allow", "direction": "out", "proto": "tcp", "dport": HALF}]


class Wall:
    def __init__(self, scenario):
        self.ns, self.peer = scenario.netns("weir"), scenario.netns("peer")
        self.near = {tenant: scenario.netns(f"{tenant}-near") for tenant in TENANTS}
        self.far = {tenant: scenario.netns(f"{tenant}-far") for tenant in TENANTS}
        self.weir = scenario.weir(self.ns)
        self.ctl = Weirctl(scenario, self.weir)
        ports = {"up0": {"devargs": net.packet_port(self.ns, "up0", self.peer, "eth0")}}
        self.peer.host("eth0", addresses=(f"{PEER}/24",))
        for tenant, vni in TENANTS.items():
            near, far = self.near[tenant], self.far[tenant]
            # The kernel puts IPv4's fragments together before an af_packet port has them: red has a tap.
            ports[f"p-{tenant}"] = {"devargs": "net_tap_red,iface=tap-red" if tenant == "red" else
                                    net.packet_port(self.ns, "p-blue", near, "eth0")}
            net.vxlan(self.peer, f"vx{vni}", vni, PEER, LOCAL, far, mtu=1500, addresses=(f"{FAR}/24", f"{FAR6}/64"))
            # What far sends fits the tunnel; what it takes by TCP need not: the other end has to find out.
            self._default(far, f"vx{vni}", "10.0.2.1", "fd00:2::1", "mtu", 1450, "advmss", 1440)
        self.weir.start(document={
            "ports": ports,
            "underlay": {"up0": {"address": [f"{LOCAL}/24"]}},
            "tenants": {tenant: self._tenant(tenant, vni) for tenant, vni in TENANTS.items()},
        })
        self.ns.ip("link", "set", "tap-red", "netns", self.near["red"].name)
        for tenant, dev in (("red", "tap-red"), ("blue", "eth0")):
            self.near[tenant].host(dev, addresses=(f"{NEAR}/24", f"{OTHER}/24", f"{NEAR6}/64"))
            self._default(self.near[tenant], dev, "10.0.1.1", "fd00:1::1")
        self.weir.wait_links(*ports)

    @staticmethod
    def _default(ns, dev, via, via6, *metrics):
        ns.ip("route", "add", "default", "via", via, "dev", dev, *metrics)
        ns.ip("-6", "route", "add", "default", "via", via6, "dev", dev, *metrics)

    @staticmethod
    def _tenant(tenant, vni):
        interfaces = {"a": {"addresses": ["10.0.1.1/24", "fd00:1::1/64"]},
                      "b": {"addresses": ["10.0.2.1/24", "fd00:2::1/64"]}}
        made = {"switches": {"a": {}, "b": {"vni": vni, "remotes": [PEER]}},
                "vports": {"host": {"switch": "a", "port": f"p-{tenant}", "firewall": "edge"}},
                "routers": {"r1": {"interfaces": interfaces}}}
        if tenant == "blue":
            return dict(made, quota={"connections": QUOTA}, firewalls={"edge": {"rules": BLUE}})
        interfaces["b"]["firewall"] = "border"
        return dict(made, sets={"inside": ["10.0.1.0/24", "fd00:1::/64"]},
                    firewalls={"edge": {"rules": EDGE}, "border": {"rules": BORDER}})

    def drops(self, reason, tenant="red"):
        return self.weir.drops(tenant).get(reason, 0)

    def wait_drops(self, reason, count, tenant="red"):
        """Until so many packets were dropped for it; returns how many were."""
        return wait_until(f"{count} packets of {tenant} are {reason}",
                          lambda: (now := self.drops(reason, tenant)) >= count and now)

    def connections(self, tenant="red", **wanted):
        """As weirctl shows them: {(where, from what port): state} of those that have it so."""
        shown = json.loads(self.ctl.run("--json", "connections", tenant).stdout)["connections"]
        return {(row["at"], row["sport"]): row["state"] for row in shown
                if all(row[key] == value for key, value in wanted.items())}

    def wait_state(self, state, sport):
        """Until red's connection from this port has this state at both firewalls: True, or the states that it has."""
        seen = {}

        def come():
            seen.update(self.connections(sport=sport))
            return len(seen) == 2 and set(seen.values()) == {state}

        try:
            return wait_until(state, come, every=0.05)
        except TimeoutError:
            return seen

    def rule(self, wanted, firewall="red/edge"):
        """(place, packets) of a rule of one port."""
        shown = json.loads(self.ctl.run("--json", "rules", "red").stdout)["rules"]
        return next(((row["rule"], row["packets"]) for row in shown if row["firewall"] == firewall
                     and row["match"] == f"dport {wanted['dport']}" and row["action"] == wanted["action"]), None)

    def set_edge(self, rules):
        self.ctl.expect(0, "patch", json.dumps({"tenants": {"red": {"firewalls": {"edge": {"rules": rules}}}}}))


def run(t):
    wall = Wall(t)
    with t.balanced(wall.weir):
        for test in (pings, tcp, states, udp, rejects, errors, fragments, change, twins, flood):
            start = time.monotonic()
            test(t, wall)
            t.note(f"{test.__name__}: {time.monotonic() - start:.1f} s")
    for tenant in TENANTS:
        t.equal(f"{tenant}: balance", wall.weir.balance(tenant), 0)


def denied(t, wall, what, send, count=1, reason="denied", tenant="red"):
    """What `send` sends is dropped for this reason, so many packets of it, and for no other of a firewall's."""
    before = wall.weir.drops(tenant)
    send()
    wall.wait_drops(reason, before.get(reason, 0) + count, tenant)
    after = wall.weir.drops(tenant)
    grown = {name: after[name] - before.get(name, 0) for name in REASONS & after.keys()}
    t.equal(what, {name: packets for name, packets in grown.items() if packets}, {reason: count})


def pings(t, wall):
    near, far = wall.near["red"], wall.far["red"]
    for near_address, far_address in ((NEAR, FAR), (NEAR6, FAR6)):
        t.equal(f"ping to {far_address}", traffic.ping(near, far_address), 5)
        denied(t, wall, f"unsolicited pings to {near_address}",
               lambda: traffic.ping(far, near_address, count=3, wait=0), 3)


def tcp(t, wall):
    """Hosts believe in 1500 bytes, the tunnel takes 1450: errors about that have to pass, too."""
    near, far = wall.near["red"], wall.far["red"]
    for target in (FAR, FAR6):
        t.check(f"TCP to {target} and back", talk.exchange(near, far, target, OPEN, 3 * MB))
        learned = near.run("ip", "route", "get", target)
        t.check(f"the MTU to {target} is found", "mtu 1450" in learned, learned)
    t.check("too large for the tunnel", wall.drops("mtu") >= 2, wall.weir.drops("red"))
    for target in (NEAR, NEAR6):
        t.check(f"TCP to {target}, where it is allowed", talk.exchange(far, near, target, INSIDE, MB))
        unsolicited(t, wall, "the border", target, OPEN)
        unsolicited(t, wall, "the edge", target, HALF)
    with talk.raw(far) as probe:
        denied(t, wall, "TCP that nobody has opened",
               lambda: probe.sendto(talk.segment(FAR, 1234, NEAR, INSIDE, 0x10), (NEAR, 0)), reason="no_connection")


def unsolicited(t, wall, where, target, port):
    with talk.listen(wall.near["red"], target, port) as server:
        before = wall.drops("denied")
        with talk.begin(wall.far["red"], target, port) as client:
            wall.wait_drops("denied", before + 1)
            server.setblocking(False)
            t.check(f"TCP to {target}: denied by {where}", raises(BlockingIOError, server.accept))
            t.check(f"TCP to {target}: not known by {where}", not wall.connections(sport=client.getsockname()[1]))


def raises(kind, call):
    try:
        call()
    except kind:
        return True
    return False


def states(t, wall):
    near, far = wall.near["red"], wall.far["red"]
    far.ip("route", "add", "blackhole", OTHER)
    with talk.listen(far, FAR, OPEN) as server, talk.begin(near, FAR, OPEN, OTHER) as client:
        sport = client.getsockname()[1]
        t.equal("a SYN", wall.wait_state("syn_sent", sport), True)
        t.equal("where it is known", {at for at, _ in wall.connections(sport=sport)},
                {"vport red/host", "router red/r1 on b"})
        far.ip("route", "del", "blackhole", OTHER)
        accepted, _ = server.accept()
        with accepted:
            t.equal("an answered one", wall.wait_state("established", sport), True)
            wall.ctl.expect(0, "connections", "red", text="established")
            client.setblocking(True)
            client.shutdown(socket.SHUT_WR)
            t.equal("a FIN", wall.wait_state("closing", sport), True)
            accepted.sendall(b"still open this way")
            t.equal("what comes after it", talk.receive(client, 19), b"still open this way")
        t.equal("both FINs", wall.wait_state("time_wait", sport), True)
    with talk.pair(near, far, FAR, OPEN) as (client, _):
        sport = client.getsockname()[1]
        t.equal("another connection", wall.wait_state("established", sport), True)
        talk.reset(client)
        t.equal("RST", wall.wait_state("closed", sport), True)
    with talk.pair(near, far, FAR, OPEN, source=NEAR, sport=sport):
        t.equal("opened anew from where it was", wall.wait_state("established", sport), True)


def udp(t, wall):
    near, far = wall.near["red"], wall.far["red"]
    for near_address, far_address in ((NEAR, FAR), (NEAR6, FAR6)):
        t.equal(f"UDP to {far_address}", talk.udp(near, far, far_address, OPEN), (True, True))
        t.equal(f"UDP to {near_address}", talk.udp(far, near, near_address, INSIDE), (True, True))
        denied(t, wall, f"unsolicited UDP to {near_address}", lambda: talk.send_udp(far, near_address, OPEN))
        denied(t, wall, f"UDP to {near_address} behind the border", lambda: talk.send_udp(far, near_address, HALF))
        denied(t, wall, f"UDP to {far_address}, another port", lambda: talk.send_udp(near, far_address, NOWHERE))


def rejects(t, wall):
    near, far = wall.near["red"], wall.far["red"]
    cases = [(near, target, port) for target in (FAR, FAR6) for port in (EDGE_REJECTS, BORDER_REJECTS)]
    for ns, target, port in cases + [(far, NEAR, BORDER_REJECTS), (far, NEAR6, BORDER_REJECTS)]:
        got = []
        denied(t, wall, f"TCP to {target}, {port}: dropped",
               lambda: got.append(talk.error_of_connect(ns, target, port)), reason="rejected")
        t.equal(f"TCP to {target}, {port}: refused", got, [errno.ECONNREFUSED])
        denied(t, wall, f"UDP to {target}, {port}: dropped",
               lambda: got.append(talk.error_of_udp(ns, target, port)), reason="rejected")
        t.equal(f"UDP to {target}, {port}: refused", got[1:], [errno.EACCES if ":" in target else errno.EHOSTUNREACH])


def errors(t, wall):
    """Errors about what firewalls have let through pass; those that somebody made up do not."""
    near, far = wall.near["red"], wall.far["red"]
    for near_address, far_address, error in ((NEAR, FAR, (3, 3)), (NEAR6, FAR6, (1, 4))):
        t.equal(f"no such port at {far_address}", error_of(near, far_address), (far_address, *error))
        t.equal(f"no such port at {near_address}", error_of(far, near_address), (near_address, *error))
    # "Fragmentation needed" about a packet of near's to far's SSH.
    made_up = struct.pack("!BBHHH", 3, 4, 0, 0, 600) + talk.segment(NEAR, 1234, FAR, 22, 0x10)
    with far.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as probe:
        denied(t, wall, "an error that somebody made up", lambda: probe.sendto(made_up, (NEAR, 0)))


def fragments(t, wall):
    """4,000 bytes are three packets: later ones are decided like the first, which has the ports."""
    near, far = wall.near["red"], wall.far["red"]
    for near_address, far_address in ((NEAR, FAR), (NEAR6, FAR6)):
        t.equal(f"fragments to {far_address}", talk.udp(near, far, far_address, OPEN, size=4000), (True, True))
        t.equal(f"fragments to {near_address}", talk.udp(far, near, near_address, INSIDE, size=4000), (True, True))
        for ns, target, port in ((near, far_address, NOWHERE), (far, near_address, OPEN), (far, near_address, HALF)):
            denied(t, wall, f"fragments to {target}, {port}", lambda: talk.send_udp(ns, target, port, 4000), 3)


def change(t, wall):
    """A rule taken away stops what it has let through; put back, it goes on."""
    without = [rule for rule in EDGE if rule is not WATCHED_RULE]
    with talk.Transfer(wall.near["red"], wall.far["red"], FAR, WATCHED) as transfer:
        wait_until("bytes flow", lambda: transfer.received > MB)
        before = wall.rule(WATCHED_RULE)
        wait_until("its rule counts", lambda: wall.rule(WATCHED_RULE)[1] > before[1])
        wall.set_edge([WATCHED_RULE] + without)
        moved = wall.rule(WATCHED_RULE)
        t.check("a rule moved ahead keeps its counters", moved[0] == 0 and moved[1] >= before[1] > 100, (before, moved))
        mark = transfer.received
        wait_until("bytes flow by it", lambda: transfer.received > mark + MB)
        lost = wall.drops("denied")
        wall.set_edge(without)
        t.equal("the rule is gone", wall.rule(WATCHED_RULE), None)
        wall.wait_drops("denied", lost + 1)
        mark = settled("what comes through", lambda: transfer.received)
        wall.wait_drops("denied", wall.drops("denied") + 1)  # it is sent again, after some time
        t.equal("what comes through without the rule", transfer.received - mark, 0)
        wall.set_edge(EDGE)
        wait_until("bytes flow again", lambda: transfer.received > mark + MB)
        t.check("the transfer goes on", True)
    t.check("a rule put back counts anew", wall.rule(WATCHED_RULE)[1] > 0)
    kept = settled("its count", lambda: wall.rule(WATCHED_RULE)[1])
    wall.set_edge(without + [{"action": "allow", "proto": 132}, WATCHED_RULE])
    t.equal("a rule moved behind others", wall.rule(WATCHED_RULE), (len(EDGE), kept))
    wall.set_edge(EDGE)
    t.equal("and back", wall.rule(WATCHED_RULE), (EDGE.index(WATCHED_RULE), kept))


def settled(what, read):
    """What `read` says when it has said the same twice; listings may be 10 ms old."""
    seen = [read()]

    def still():
        time.sleep(0.1)
        seen.append(read())
        return seen[-1] == seen[-2]

    wait_until(f"{what} changes no more", still, every=0)
    return seen[-1]


def twins(t, wall):
    """The same addresses, and rules that say the opposite."""
    near, far = wall.near["blue"], wall.far["blue"]
    t.check("blue: TCP to a port that red rejects", talk.exchange(near, far, FAR, EDGE_REJECTS, 1000))
    t.check("blue: TCP to a port that red denies", talk.exchange(far, near, NEAR, HALF, 1000))
    denied(t, wall, "blue: UDP that red allows", lambda: talk.send_udp(near, FAR, OPEN), tenant="blue")
    before = wall.drops("denied", "blue")
    with talk.begin(far, NEAR, INSIDE):
        wall.wait_drops("denied", before + 1, "blue")
    t.check("blue: TCP that red allows", True)
    t.equal("blue's connections", {at for at, _ in wall.connections("blue")}, {"vport blue/host"})


def flood(t, wall):
    """A tenant that fills its quota takes nothing from the other."""
    near, far = wall.near["red"], wall.far["red"]
    opened = good = 0
    before = wall.drops("connection_quota", "blue")
    with talk.Flood(wall.near["blue"], NEAR, FAR):
        wall.wait_drops("connection_quota", before + 1, "blue")
        until = time.monotonic() + 1.5
        while time.monotonic() < until:
            opened += 1
            good += talk.exchange(near, far, FAR, OPEN, 1000)
        refused = wall.drops("connection_quota", "blue") - before
        shown = len(wall.connections("blue"))
    t.check("red's new connections meanwhile", opened == good >= 10, (opened, good))
    t.check("blue's are as many as it may have", QUOTA * 9 // 10 <= shown <= QUOTA, shown)
    t.check("blue is over its quota", refused > 1000, refused)
    t.equal("red is not", wall.drops("connection_quota"), 0)
    t.note(f"{opened} connections of red while {refused} of blue's are over its quota")
