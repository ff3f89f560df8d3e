# SPDX-License-Identifier: BSD-3-Clause
"""Killed in the middle of changes, weir comes back with the last acknowledged configuration or the one in flight."""
import random
import threading
import time

from lib import traffic
from lib.topology import FAR, TENANTS, Twins

ROUNDS = 6
SEED = 2024


def run(t):
    rng = random.Random(SEED)
    twins = Twins(t)
    twins.start()
    t.equal("before: blue talks", traffic.ping(twins.near["blue"], FAR), 5)
    number = 100_000
    for at in range(ROUNDS):
        acknowledged, in_flight = kill_while_patching(twins, number + 1, rng.uniform(0.02, 0.4))
        t.check("patches went through", acknowledged > number, acknowledged)
        twins.weir.start()
        limits = {tenant: twins.weir.client.show(f"/tenants/{tenant}/limit") for tenant in TENANTS}
        found = limits["red"]
        t.check("what is there was acknowledged, or on its way",
                found in (f"{acknowledged}kbps", f"{in_flight}kbps"), (limits, acknowledged, in_flight))
        t.equal("never a mix", limits["blue"], found)
        number = int(found.removesuffix("kbps"))
        t.equal("applied as shown", twins.weir.tenant("red")["limit_bps"], number * 1000)
    twins.weir.wait_links(*twins.devargs)
    for tenant in TENANTS:
        t.equal(f"{tenant} talks again", traffic.ping(twins.near[tenant], FAR), 5)
    after_load(t, twins)


def kill_while_patching(twins, first, seconds):
    """Raises both tenants' limits step by step until weir is killed; returns (last acknowledged, in flight)."""
    state = {"acknowledged": 0, "in_flight": 0}

    def patches():
        client = twins.weir.connect()
        number = first
        while True:
            state["in_flight"] = number
            limit = {"limit": f"{number}kbps"}
            try:
                client.patch({"tenants": {tenant: limit for tenant in TENANTS}})
            except (OSError, ValueError):
                client.close()
                return
            state["acknowledged"] = number
            number += 1

    thread = threading.Thread(target=patches)
    thread.start()
    time.sleep(seconds)
    twins.weir.kill()
    thread.join()
    return state["acknowledged"], state["in_flight"]


def after_load(t, twins):
    """The same for a snapshot: a load that was acknowledged is there after the kill, and so are its versions."""
    document = twins.document()
    document["tenants"]["red"]["limit"] = "77Mbps"
    twins.weir.load(document)
    twins.weir.kill()
    other = twins.document()
    twins.weir.start(document=other)
    t.equal("the load is there", twins.weir.client.show("/tenants/red/limit"), "77Mbps")
    t.check("a --config that differs is named, and not used", "document.json" in twins.weir.log(), twins.weir.log())
    twins.weir.call("/weir/config/rollback", "1")
    t.check("the version before it can be had back", twins.weir.client.show("/tenants/red/limit").endswith("kbps"))
    t.equal("SIGTERM", twins.weir.stop(), 0)
    twins.weir.start("--reset", document=other)
    t.check("--reset starts over", "limit" not in twins.weir.client.show("/tenants/red"))
