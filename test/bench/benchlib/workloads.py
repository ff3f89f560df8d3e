# SPDX-License-Identifier: BSD-3-Clause
"""What is measured: a line each, and the configuration that weir gets for it. Addresses are nicsim's."""
import dataclasses

SOURCE, SINK = "net_nicsim0", "net_nicsim1"
FIRST_VNI = 5001
VLANS = 4094  # of a port
LOCAL, REMOTE = {4: "192.0.2.1", 6: "2001:db8::1"}, {4: "192.0.2.2", 6: "2001:db8::2"}
PREFIX = {4: 24, 6: 64}
LOCAL_MAC = "02:aa:aa:aa:aa:01"
FLOWS_A_HOST = 100
ADDRESSES_MAX = 64  # of a vport
TENANT_LIMIT, VPORT_LIMIT = "100Gbps", "40Gbps"  # charged to every packet, reached by none
PORT_GBPS = 90  # of wire: more than a worker makes; half is promised, to the tenants alike
FULL_GBPS = 2  # the same of all sinks together, where ports are to be full: 2.7 M frames/s
FLOWS_DEFAULT = 1_000_000


@dataclasses.dataclass(frozen=True)
class Workload:
    """
    A row. `kind`: plain, vlan (vport to vport), routed (plain, with a router between), chain (routed, with a firewall
    at each of the router's interfaces), in or out (VXLAN). `goal`: TSC cycles over bare; `ratio_goal`: of the
    whole path, to the first row of the group.
    """
    group: str
    kind: str
    tenants: int
    flows: int
    goal: int = 0
    ratio_goal: float = 0
    ip: int = 4  # version, inner and outer
    new: int = 0  # per cent of packets that are of a flow never seen before
    slots: int = 0  # for flows; 0 = as many as suit the flows, at least the default
    mode: str = "pairs"
    label: str = ""

    @property
    def name(self):
        return f"{self.group}-{self.label or number(self.flows)}"

    def resized(self, flows, slots):
        """The same traffic with another number of flows, and room for so many."""
        return dataclasses.replace(self, flows=flows, slots=slots)

    @property
    def room(self):
        """Flow slots: a quarter more than flows, so that no row depends on a table that is full to the brim."""
        return self.slots or max(FLOWS_DEFAULT, self.flows * 5 // 4)


def number(n):
    for size, unit in ((1_000_000, "M"), (1_000, "k")):
        if n >= size and n % size == 0:
            return f"{n // size}{unit}"
    return str(n)


def _rows(group, kind, tenants, goals, **more):
    return [Workload(group, kind, tenants, flows, goal, **more) for flows, goal in goals.items()]


SWITCHED = {1: 55, 1_000: 65, 100_000: 105, 1_000_000: 130}
TUNNELLED = {1_000: 80, 100_000: 110, 1_000_000: 130, 4_000_000: 170}
CHURN = 8_000_000  # slots: what comes and goes within a flow_idle of 1 s, and much more
ROUTED = ("routed", "chain")
CONNECTIONS = 4_194_304  # the most
ROOM = 4_000_000  # flows, whose memory and start are measured

WORKLOADS = tuple(
    _rows("plain", "plain", 1, SWITCHED)
    + _rows("vlan", "vlan", 1, SWITCHED)
    + _rows("vxlan-in", "in", 1_000, TUNNELLED)
    + _rows("vxlan-out", "out", 1_000, {1_000: 100, 1_000_000: 160})
    + _rows("vxlan-in6", "in", 1_000, {flows: goal * 6 // 5 for flows, goal in TUNNELLED.items()}, ip=6)
    + [Workload(kind, kind, 1, flows, goal) for kind in ("routed", "chain") for flows, goal in {1_000: 90, 1_000_000: 155}.items()]
    + [Workload(kind, kind, 1, 100_000, new=100, label="new", slots=CHURN) for kind in ("routed", "chain")]
    + [Workload("new", "in", 1_000, 100_000, new=new, label=f"{new}%", slots=CHURN) for new in (0, 1, 10, 50, 100)]
    + [Workload("tenants", "in", tenants, 100_000, ratio_goal=goal, label=number(tenants))
       for tenants, goal in {1: 1, 1_000: 1.1, 10_000: 1.15}.items()]
    + [Workload("shed", kind, 1, flows, goal, mode="shed", label=f"{kind}-{number(flows)}")
       for kind, flows, goal in (("plain", 1, 60), ("in", 1, 60), ("in", 100_000, 60))]
    + [Workload("full", "in", tenants, 10_000, mode="full", label=number(tenants)) for tenants in (1, 64, 1_000, 10_000)]
    + [Workload("readers", "in", 1_000, 100_000, mode="readers"),
       Workload("workers", "in", 1_000, 100_000, mode="workers"),
       Workload("memory", "in", 1_000, ROOM),
       Workload("startup", "in", 1_000, ROOM)])


# ---- weir's configuration ----


def mac(tenant, end):
    """end 1: where the tenant's frames go; 2: where they come from."""
    return bytes((2, end, *tenant.to_bytes(4, "big"))).hex(":")


def document(load):
    """A switch, anti-spoofing, a guarantee and a limit of the tenant's, a limit of each vport's, for every tenant."""
    config = {
        "ports": _ports(load),
        "settings": {"flows": load.room, "connections": CONNECTIONS if load.kind == "chain" else 1024,
                     "flow_idle": "1s" if load.slots == CHURN else "600s"},
        "tenants": {f"t{at}": _tenant(load, at) for at in range(load.tenants)},
    }
    uplink = {"in": "near", "out": "far0"}.get(load.kind)
    if uplink:
        config["underlay"] = {uplink: {"address": [f"{LOCAL[load.ip]}/{PREFIX[load.ip]}"], "mac": LOCAL_MAC}}
    return config


def empty_document(flows):
    """Nothing but room for flows."""
    return {"ports": {"near": {"devargs": SOURCE}, "far0": {"devargs": SINK}}, "settings": {"flows": flows}}


def _ports(load):
    traffic = {"plain": "plain", "routed": "plain", "chain": "plain", "vlan": "vlan", "in": f"vxlan,outer={load.ip}", "out": "vlan"}[load.kind]
    queues = 2 if load.mode == "workers" else 1
    source = (f"{SOURCE},traffic={traffic},inner={load.ip},tenants={load.tenants},flows={load.flows},new={load.new},"
              f"queues={queues}{',rate=1000000000' if load.mode == 'shed' else ''}")
    sinks = 1 if load.kind == "out" else -(-load.tenants // VLANS)
    neigh = ",neigh=1" if load.kind in ("out", *ROUTED) else ""
    rate = f"{FULL_GBPS * 1000 // sinks}Mbps" if load.mode == "full" else f"{PORT_GBPS}Gbps"
    return {"near": {"devargs": source, "rate": f"{PORT_GBPS}Gbps"}} | {
        f"far{at}": {"devargs": f"net_nicsim{at + 1},queues={queues}{neigh}", "rate": rate} for at in range(sinks)}


def _tenant(load, at):
    """`near` is where its packets come from, `far` where they go: vports, or the remote."""
    if load.kind in ROUTED:
        return _routed_tenant(load, at)
    switch, vports = {"macs": {}}, {}
    if load.kind != "in":
        vports["near"] = _vport(load, at, "near") | _addresses(load)
    if load.kind != "out":
        vports["far"] = _vport(load, at, "far")
    if load.kind in ("in", "out"):
        switch |= {"vni": FIRST_VNI + at, "remotes": [REMOTE[load.ip]]}
    switch["macs"][mac(at, 1)] = "far" if "far" in vports else REMOTE[load.ip]
    switch["macs"][mac(at, 2)] = "near" if "near" in vports else REMOTE[load.ip]
    guarantee = f"{(FULL_GBPS if load.mode == 'full' else PORT_GBPS) * 500_000 // load.tenants}kbps"
    return {"limit": TENANT_LIMIT, "guarantee": guarantee, "switches": {"s": switch}, "vports": vports}


def _routed_tenant(load, at):
    """`near` and `far` are on a switch each."""
    firewall = {"firewall": "allow"} if load.kind == "chain" else {}
    interfaces = {"s": {"addresses": ["192.168.0.1/24"], "mac": mac(at, 1)} | firewall,
                  "u": {"addresses": ["192.0.2.1/24"]} | firewall}
    vports = {"near": _vport(load, at, "near"), "far": _vport(load, at, "far") | {"switch": "u"}}
    del vports["far"]["mac"]
    return {"limit": TENANT_LIMIT, "guarantee": f"{PORT_GBPS * 500_000}kbps", "vports": vports,
            "quota": {"connections": CONNECTIONS},
            "switches": {"s": {"macs": {mac(at, 2): "near"}}, "u": {}},
            "firewalls": {"allow": {"rules": [{"action": "allow", "proto": "udp", "src": ["10.0.0.0/8"]}]}},
            "routers": {"r": {"interfaces": interfaces, "routes": {"10.0.0.1/32": {"via": "192.0.2.2"}}}}}


def _vport(load, at, side):
    port = f"far{at // VLANS}" if side == "far" else "near"
    tag = {} if load.kind in ("plain", *ROUTED) else {"vlan": 1 + at % VLANS}
    return {"switch": "s", "port": port, "limit": VPORT_LIMIT, "mac": mac(at, 2 if side == "near" else 1)} | tag


def _addresses(load):
    """A vport's hosts, where they are few enough to be listed; new flows come from hosts beyond counting."""
    hosts = -(-load.flows // (load.tenants * FLOWS_A_HOST))
    if load.new or hosts > ADDRESSES_MAX:
        return {}
    return {"addresses": [f"10.0.{1 + at // 256}.{at % 256}" for at in range(hosts)]}
