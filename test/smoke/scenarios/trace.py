# SPDX-License-Identifier: BSD-3-Clause
"""Where a packet would go, and where those went that were lost: what weirctl says is what packets do."""
from lib import traffic
from lib.shell import wait_until
from lib.topology import FAR, FAR_MAC, NEAR, NEAR_MAC, Twins
from lib.weirctl import Weirctl

FIREWALL = {"rules": [{"action": "deny", "proto": "icmp"}, {"action": "allow"}]}


def run(t):
    twins = Twins(t)
    twins.start()
    near, ctl = twins.near["red"], Weirctl(t, twins.weir)
    ping = ("trace", "red/host", f"icmp {NEAR} > {FAR}", f"smac {NEAR_MAC}", f"dmac {FAR_MAC}")
    t.check("a ping passes", traffic.ping(near, FAR))
    before = twins.weir.tenant("red")
    ctl.expect(0, *ping, text="=> forwarded by remote 192.0.2.2 on red/web")
    ctl.expect(0, *ping, text="vxlan to 192.0.2.2 vni 5001 is put on: 50 bytes")
    ctl.expect(0, "trace", "remote:192.0.2.2@red/web", f"icmp {FAR} > {NEAR}", f"smac {FAR_MAC}", f"dmac {NEAR_MAC}",
               text="=> forwarded by vport red/host")
    ctl.expect(1, "trace", "red/host", f"icmp {NEAR} > {FAR}", text="give the packet its dmac")
    t.equal("a trace counts nothing", twins.weir.tenant("red")["drop_packets"], before["drop_packets"])
    twins.weir.patch({"tenants": {"red": {"firewalls": {"f": FIREWALL}, "vports": {"host": {"firewall": "f"}}}}})
    ctl.expect(0, *ping, text="rule 0 (deny both icmp from any to any): dropped as denied")
    t.check("and so it is", not traffic.ping(near, FAR))
    wait_until("its loss is told", lambda: "denied" in ctl.run("explain", "red").stdout, 3)
    ctl.expect(0, "explain", "red", text=f"icmp {NEAR} > {FAR}")
    number = ctl.run("explain", "red").stdout.splitlines()[-1].split()[0]
    ctl.expect(0, "explain", "red", number, text="=> dropped as denied")
    t.equal("the other tenant's are its own", ctl.run("explain", "blue").stdout.count("denied"), 0)
    twins.weir.patch({"tenants": {"red": {"vports": {"host": {"firewall": None}}}}})
    ctl.expect(0, "explain", "red", number, text="which is not what became of it then")
