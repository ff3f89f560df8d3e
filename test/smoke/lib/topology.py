# SPDX-License-Identifier: BSD-3-Clause
"""
Two tenants (or more) that have everything the same, each with a host at a vport of weir and one behind a kernel VXLAN peer, or
for one of them, if it is named, a Geneve peer:

    red-near  --[tap or af_packet]--+                          +-- VNI 5001 -- red-far
                                  weir --[af_packet: up0]-- peer
    blue-near --[af_packet]---------+                          +-- VNI 5002 -- blue-far
"""
from . import geneve, net, traffic

NEAR_MAC, FAR_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"
NEAR, FAR = "10.0.0.1", "10.0.0.2"
NEAR6, FAR6 = "fd00::1", "fd00::2"
UNDERLAY = {4: ("192.0.2.1", "192.0.2.2"), 6: ("2001:db8::1", "2001:db8::2")}
LOCAL_MAC, PEER_MAC = "02:aa:aa:aa:aa:01", "02:aa:aa:aa:aa:02"
TENANTS = {"red": 5001, "blue": 5002}
OVERHEAD = {4: 50, 6: 70}


class Twins:
    def __init__(self, scenario, family=4, mtu=1500, red_tap=False, tenants=None, by_geneve=None, **weir_params):
        self.scenario, self.family, self.mtu = scenario, family, mtu
        self.tenants = tenants or TENANTS
        self.tapped = {"red"} if red_tap else set()
        self.by_geneve = by_geneve
        self.ns = scenario.netns("weir")
        self.peer = scenario.netns("peer")
        self.near = {tenant: scenario.netns(f"{tenant}-near") for tenant in self.tenants}
        self.far = {tenant: scenario.netns(f"{tenant}-far") for tenant in self.tenants}
        self.weir = scenario.weir(self.ns, **weir_params)
        self.devargs = {}
        self._underlay()
        for tenant, vni in self.tenants.items():
            self._tenant(tenant, vni)

    @property
    def tenant_mtu(self):
        return self.mtu - OVERHEAD[self.family]

    def _underlay(self):
        self.devargs["up0"] = net.packet_port(self.ns, "up0", self.peer, "eth0", self.mtu)
        self.peer.host("eth0", mac=PEER_MAC, addresses=(f"{UNDERLAY[4][1]}/24", f"{UNDERLAY[6][1]}/64"))

    def _tenant(self, tenant, vni):
        near, far = self.near[tenant], self.far[tenant]
        local, peer = UNDERLAY[self.family]
        host = {"mac": FAR_MAC, "mtu": self.tenant_mtu, "addresses": (f"{FAR}/24", f"{FAR6}/64")}
        if tenant == self.by_geneve:
            self.geneve_by = geneve.device(self.scenario, self.peer, f"vx{vni}", vni, peer, local, far, **host)
        else:
            net.vxlan(self.peer, f"vx{vni}", vni, peer, local, far, **host)
        if tenant in self.tapped:
            self.devargs[f"p-{tenant}"] = f"net_tap_{tenant},iface=tap-{tenant}"
        else:
            self.devargs[f"p-{tenant}"] = net.packet_port(self.ns, f"p-{tenant}", near, "eth0", self.mtu)
            self._near_host(tenant, "eth0")

    def _near_host(self, tenant, dev):
        self.near[tenant].host(dev, mac=NEAR_MAC, mtu=self.tenant_mtu, addresses=(f"{NEAR}/24", f"{NEAR6}/64"))

    def near_dev(self, tenant):
        return f"tap-{tenant}" if tenant in self.tapped else "eth0"

    def document(self):
        """What weir is told; the caller may change it before start()."""
        ports = {name: {"devargs": devargs} for name, devargs in self.devargs.items()}
        if self.mtu != 1500:
            for port in ports.values():
                port["mtu"] = self.mtu
        switches = {tenant: {"web": {"vni": vni, "remotes": [UNDERLAY[self.family][1]]}}
                    for tenant, vni in self.tenants.items()}
        if self.by_geneve:
            switches[self.by_geneve]["web"]["tunnel"] = "geneve"
        return {
            "ports": ports,
            "underlay": {"up0": {"address": [f"{UNDERLAY[4][0]}/24", f"{UNDERLAY[6][0]}/64"], "mac": LOCAL_MAC}},
            "tenants": {tenant: {"switches": switches[tenant],
                                 "vports": {"host": {"switch": "web", "port": f"p-{tenant}"}}}
                        for tenant in self.tenants},
        }

    def start(self, *options, document=None):
        self.weir.start(*options, document=document or self.document())
        for tenant in self.tapped:
            self.ns.ip("link", "set", f"tap-{tenant}", "netns", self.near[tenant].name)
            self._near_host(tenant, f"tap-{tenant}")
        self.weir.wait_links(*self.devargs)

    def settle(self):
        """Fixed neighbours everywhere, so that nothing but what a test sends is on the wire."""
        for tenant in self.tenants:
            far_dev = f"vx{self.tenants[tenant]}"
            for address in (FAR, FAR6):
                self.near[tenant].neighbour(self.near_dev(tenant), address, FAR_MAC)
            for address in (NEAR, NEAR6):
                self.far[tenant].neighbour(far_dev, address, NEAR_MAC)


class Wires:
    """Bare interfaces, one in each namespace named, each behind a port of weir of the same name: for raw frames."""

    def __init__(self, scenario, *names):
        self.ns = scenario.netns("weir")
        self.weir = scenario.weir(self.ns)
        self.ports, self.wire = {}, {}
        for name in names:
            far = scenario.netns(name)
            self.ports[name] = {"devargs": net.packet_port(self.ns, name, far, "eth0")}
            far.host("eth0")
            self.wire[name] = scenario.enter(traffic.Wire(far, "eth0"))

    def start(self, tenants, **parts):
        self.weir.start(document=dict(parts, ports=self.ports, tenants=tenants))
        self.weir.wait_links(*self.ports)
