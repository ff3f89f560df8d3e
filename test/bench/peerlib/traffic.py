# SPDX-License-Identifier: BSD-3-Clause
"""What is sent, and what OVS is told to do with it; what weir is told stands in benchlib. Addresses are nicsim's."""
import dataclasses

from benchlib import workloads
from benchlib.workloads import FIRST_VNI, FLOWS_A_HOST

TENANTS = 1_000
FIRST_VLAN = 1
LOCAL, REMOTE, LOCAL_MAC, REMOTE_MAC = workloads.LOCAL[4], workloads.REMOTE[4], workloads.LOCAL_MAC, "02:aa:aa:aa:aa:02"
DESTINATION = ("10.0.0.1", 4000)
TENANT_LIMIT_KBPS = 100_000_000  # as weir's: charged to every packet, reached by none


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


def document(workload, new=0):
    """weir's configuration; `new`: per cent of packets that are of a flow never seen before."""
    kind = {"vlan": "vlan", "vxlan-in": "in", "vxlan-out": "out"}[workload.kind]
    slots = workloads.CHURN if new else 0
    return workloads.document(workloads.Workload("peers", kind, TENANTS, workload.flows, new=new, slots=slots))


def devargs(workload):
    """(source's, sink's), as weir has them."""
    ports = document(workload)["ports"]
    return ports["near"]["devargs"], ports["far0"]["devargs"]


def five_tuple(flow):
    """(tenant, source address, source port) of a flow; all go to DESTINATION."""
    tenant, k = flow % TENANTS, flow // TENANTS
    address = (10 << 24) + (1 << 8) + k // FLOWS_A_HOST
    return tenant, ".".join(str(byte) for byte in address.to_bytes(4, "big")), 1024 + k % FLOWS_A_HOST


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
