# SPDX-License-Identifier: BSD-3-Clause
"""The operator's hand: exit statuses, --json, errors that name the path; tables that line up."""
import json

from lib import traffic
from lib.topology import FAR, Twins
from lib.weirctl import Weirctl

READS = (("status",), ("show",), ("show", "/tenants/red"), ("stats",), ("stats", "tenant", "red"), ("ports",), ("macs",),
         ("macs", "red"), ("neigh",), ("flows",), ("flows", "red"), ("firewalls",), ("rules",), ("rules", "red"),
         ("connections",), ("explain", "red"),
         ("trace", "red/host", "arp 10.0.0.1 > 10.0.0.2"), ("drops",), ("conservation",), ("workers",), ("info",))


def run(t):
    twins = Twins(t)
    twins.start()
    traffic.ping(twins.near["red"], FAR)
    ctl = Weirctl(t, twins.weir)
    reads(t, ctl)
    changes(t, ctl, twins)
    statuses(t, ctl, twins)


def reads(t, ctl):
    for words in READS:
        ctl.expect(0, *words)
        text = ctl.expect(0, "--json", *words)
        t.check(f"weirctl --json {' '.join(words)}: is JSON", is_json(text), text[:200])
    ctl.expect(0, "stats", "tenant", "red", text="rx_packets")
    ctl.expect(0, "stats", "vport", "red/host", text="tx_packets")
    t.equal("show is the document", json.loads(ctl.run("show").stdout), ctl.weir.client.show())


def is_json(text):
    try:
        json.loads(text)
        return True
    except ValueError:
        return False


def changes(t, ctl, twins):
    document = twins.document()
    document["tenants"]["red"]["limit"] = "5Mbps"
    path = ctl.weir.write(document, "next.json")
    ctl.expect(0, "check", path)
    t.check("a check changes nothing", "limit" not in ctl.weir.client.show("/tenants/red"))
    ctl.expect(0, "diff", path, text="5Mbps")
    ctl.expect(0, "apply", path)
    t.equal("applied", ctl.weir.tenant("red")["limit_bps"], 5_000_000)
    ctl.expect(0, "patch", '{"tenants":{"red":{"limit":"6Mbps"}}}')
    t.equal("patched", ctl.weir.tenant("red")["limit_bps"], 6_000_000)
    ctl.expect(0, "rollback", "1")
    t.equal("rolled back", ctl.weir.tenant("red")["limit_bps"], 5_000_000)


def statuses(t, ctl, twins):
    bad = ctl.weir.write({"tenants": {"red": {"limit": "fast"}}}, "bad.json")
    for words in (("apply", bad), ("check", bad), ("patch", '{"tenants":{"red":{"limit":"fast"}}}')):
        ctl.expect(1, *words, text="/tenants/red/limit")
    ctl.expect(1, "stats", "tenant", "nobody")
    ctl.expect(1, "rollback", "999")
    ctl.expect(1, "apply", "/nowhere.json")
    for words in ((), ("dance",), ("apply",), ("rollback", "x"), ("--nonsense", "status"), ("stats", "what")):
        ctl.expect(2, *words)
    ctl.expect(3, "status", prefix="weir-nobody-is-here")
    ctl.expect(0, "--help", text="rollback")
