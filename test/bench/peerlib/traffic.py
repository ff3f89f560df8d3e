# SPDX-License-Identifier: BSD-3-Clause
"""What is sent, and what a gateway is told to do with it. Addresses are nicsim's (drivers/net/README.md)."""
import dataclasses

from .contender import SINK, SOURCE

TENANTS = 1_000
FIRST_VNI, FIRST_VLAN = 5001, 1
LOCAL, REMOTE = "192.0.2.1", "192.0.2.2"
LOCAL_MAC, REMOTE_MAC = "02:aa:aa:aa:aa:01", "02:aa:aa:aa:aa:02"
FRAME = 64  # bytes of a tenant's frame, without FCS
TENANT_LIMIT, VPORT_LIMIT = "100Gbps", "40Gbps"  # beyond reach: charged to all, stopping none
TENANT_LIMIT_KBPS = 100_000_000


@dataclasses.dataclass(frozen=True)
class Workload:
    """`kind`: vlan (vport to vport), vxlan-in or vxlan-out; `exact` and `metered` are what OVS is asked for."""
    kind: str
    flows: int
    exact: bool = False
    metered: bool = False

    @property
    def name(self):
        size = f"{self.flows // 1_000_000}M" if self.flows >= 1_000_000 else f"{self.flows // 1_000}k"
        return f"{self.kind}-{size}" + "-exact" * self.exact + "-meter" * self.metered

    @property
    def timed(self):
        """Whether to tell how long flows take to be set up: only where it is long enough to be seen."""
        return self.exact and self.flows >= 10_000


WORKLOADS = tuple(
    [Workload("vlan", flows, *rules) for rules in ((False, False), (False, True), (True, False))
     for flows in (1_000, 100_000)]
    + [Workload("vxlan-in", flows, False, metered) for metered in (False, True)
       for flows in (1_000, 10_000, 100_000, 1_000_000)]
    + [Workload("vxlan-in", flows, True, metered) for metered in (False, True) for flows in (10_000, 100_000)]
    + [Workload("vxlan-out", flows, False, metered) for metered in (False, True) for flows in (1_000, 100_000)])


def source(workload, new=0):
    """devargs; `new`: per cent of packets that are of a flow never seen before."""
    traffic = "vxlan" if workload.kind == "vxlan-in" else "vlan"
    fresh = f",new={new}" if new else ""
    return f"{SOURCE},traffic={traffic},tenants={TENANTS},flows={workload.flows},size={FRAME}{fresh}"


def sink():
    return f"{SINK},neigh=1"


def mac(tenant, end):
    """end 1: where the tenant's frames go; 2: where they come from."""
    return bytes((2, end, *tenant.to_bytes(4, "big"))).hex(":")


def five_tuple(flow):
    """(tenant, source address, source port) of a flow; the rest is the same for all: see DESTINATION."""
    tenant, k = flow % TENANTS, flow // TENANTS
    address = (10 << 24) + (1 << 8) + k // 100
    return tenant, ".".join(str(byte) for byte in address.to_bytes(4, "big")), 1024 + k % 100


DESTINATION = ("10.0.0.1", 4000)

# ---- weir ----


def document(workload, new=0):
    """weir's configuration: a switch, a limit and anti-spoofing for each tenant; exact flows and counters always."""
    flow = {"flows": 8_000_000, "flow_idle": "1s"} if new else {"flows": 2_000_000, "flow_idle": "600s"}
    config = {
        "ports": {"in": {"devargs": source(workload, new)}, "out": {"devargs": sink()}},
        "settings": flow,
        "tenants": {f"t{at}": _tenant(workload.kind, at) for at in range(TENANTS)},
    }
    uplink = {"vxlan-in": "in", "vxlan-out": "out"}.get(workload.kind)
    if uplink:
        config["underlay"] = {uplink: {"address": [f"{LOCAL}/24"], "mac": LOCAL_MAC}}
    return config


def _tenant(kind, at):
    def vport(port, end):
        return {"switch": "s", "port": port, "vlan": FIRST_VLAN + at, "limit": VPORT_LIMIT, "mac": mac(at, end)}

    switch, vports = {}, {}
    if kind != "vlan":
        switch = {"vni": FIRST_VNI + at, "remotes": [REMOTE]}
    if kind == "vxlan-out":
        switch["macs"] = {mac(at, 1): REMOTE}
    if kind != "vxlan-in":
        vports["near"] = vport("in", 2)
    if kind != "vxlan-out":
        vports["far"] = vport("out", 1)
    return {"limit": TENANT_LIMIT, "switches": {"s": switch}, "vports": vports}


# ---- OVS: OpenFlow 1.3 ----

IN, OUT, TUNNEL = 1, 2, 3  # OpenFlow ports


def rules(workload):
    """Underlay, then one rule a tenant; or one a flow, on its 5-tuple."""
    flows = range(workload.flows if workload.exact else TENANTS)
    return _underlay(workload.kind) + [_rule(workload, flow) for flow in flows]


def _underlay(kind):
    if kind == "vxlan-in":
        return [f"in_port={IN},actions=LOCAL"]
    if kind == "vxlan-out":
        return [f"in_port=LOCAL,actions=output:{OUT}"]
    return []


def _rule(workload, flow):
    tenant, address, port = five_tuple(flow)
    vlan = FIRST_VLAN + tenant
    match = f"in_port={IN},dl_vlan={vlan}"
    act = f"output:{OUT}"
    if workload.kind == "vxlan-in":
        match = f"in_port={TUNNEL},tun_id={FIRST_VNI + tenant}"
        act = f"push_vlan:0x8100,set_field:{0x1000 | vlan}->vlan_vid,output:{OUT}"
    elif workload.kind == "vxlan-out":
        act = f"pop_vlan,set_field:{FIRST_VNI + tenant}->tun_id,output:{TUNNEL}"
    if workload.exact:
        match += f",udp,nw_src={address},nw_dst={DESTINATION[0]},tp_src={port},tp_dst={DESTINATION[1]}"
    meter = f"meter:{tenant + 1}," if workload.metered else ""
    return f"{match},actions={meter}{act}"
