# SPDX-License-Identifier: BSD-3-Clause
"""Configuration under traffic: a vport moves, loads, patches and rollbacks pass, and who is not meant loses nothing."""
import copy
import time

from lib import traffic
from lib.topology import FAR, NEAR, Twins


def run(t):
    twins = Twins(t)
    document = twins.document()
    blue = document["tenants"]["blue"]
    blue["switches"]["other"] = {"vni": 6002}
    twins.start(document=document)
    twins.settle()
    red_out = traffic.Stream(twins.near["red"], twins.far["red"], FAR, 7000, pps=1000)
    red_in = traffic.Stream(twins.far["red"], twins.near["red"], NEAR, 7001, pps=1000)
    with t.balanced(twins.weir), red_out, red_in:
        red_out.wait_flowing()
        red_in.wait_flowing()
        move(t, twins)
        patch_storm(t, twins)
        loads(t, twins, document)
        rollbacks(t, twins)
    for stream, words in ((red_out, "out"), (red_in, "in")):
        t.equal(f"untouched tenant, {words}: lost", stream.lost, 0)
        t.equal(f"untouched tenant, {words}: duplicated", stream.duplicates, 0)
        t.equal(f"untouched tenant, {words}: reordered", stream.reordered, 0)
        t.check(f"untouched tenant, {words}: really sent", stream.sent > 2000 and not stream.errors, stream.sent)


def set_blue(twins, change):
    return twins.weir.patch({"tenants": {"blue": change}})


def move(t, twins):
    """Blue's vport between two switches, while its host sends."""
    with traffic.Stream(twins.near["blue"], twins.far["blue"], FAR, 7000, pps=500) as stream:
        stream.wait_flowing()
        for _ in range(5):
            set_blue(twins, {"vports": {"host": {"switch": "other"}}})
            time.sleep(0.05)
            quiet = len(stream.arrivals)
            time.sleep(0.2)
            t.equal("moved away, nothing arrives", len(stream.arrivals), quiet)
            set_blue(twins, {"vports": {"host": {"switch": "web"}}})
            stream.wait_flowing()
            t.check("moved back, it arrives again", True)
        t.equal("moves duplicate nothing", stream.duplicates, 0)


def patch_storm(t, twins):
    version = twins.weir.call("/weir/info")["config_version"]
    for at in range(200):
        set_blue(twins, {"limit": f"{100 + at}Mbps", "vports": {"host": {"limit": f"{50 + at}Mbps"}}})
    t.equal("each of 200 patches is a version", twins.weir.call("/weir/info")["config_version"], version + 200)
    t.equal("the last one holds", twins.weir.tenant("blue")["limit_bps"], 299_000_000)


def loads(t, twins, document):
    for at in range(10):
        changed = copy.deepcopy(document)
        changed["tenants"]["blue"]["limit"] = f"{10 + at}Mbps"
        changed["tenants"][f"extra{at}"] = {"switches": {"s": {"vni": 7000 + at}}}
        reply = twins.weir.load(changed)
        t.equal("a load interrupts no port", reply["interrupted"], [])
    names = [row["name"] for row in twins.weir.client.listing("/weir/tenant/list")]
    t.equal("tenants after the last load", sorted(names), ["blue", "extra9", "red"])


def rollbacks(t, twins):
    """Each goes to the version before the present one: there and back."""
    for _ in range(3):
        twins.weir.call("/weir/config/rollback", "1")
    t.equal("rolled back: the limit", twins.weir.client.show("/tenants/blue/limit"), "18Mbps")
    t.check("rolled back: the tenants", "extra8" in twins.weir.client.show("/tenants"))
    t.equal("blue talks", traffic.ping(twins.near["blue"], FAR), 5)
