# SPDX-License-Identifier: BSD-3-Clause
"""Guarantees that do not fit a port are refused with the sum and by how much, whatever way they come; lower ones fit."""
import copy
import errno
import json

from lib import traffic
from lib.topology import FAR, Twins
from lib.weirctl import Weirctl

FITS = {"red": "60Mbps", "blue": "40Mbps"}  # exactly
TOO_MUCH = "port up0 carries 100Mbps, guarantees sum to 105Mbps: 5Mbps too much"


def run(t):
    twins = Twins(t)
    document = twins.document()
    for name, port in document["ports"].items():
        port["rate"] = "100Mbps" if name == "up0" else "1Gbps"
    for name, guarantee in FITS.items():
        document["tenants"][name]["guarantee"] = guarantee
    twins.start(document=document)
    with t.balanced(twins.weir):
        every_way(t, twins, document)
        by_hand(t, twins, document)
        lower(t, twins)
        rate_lowered(t, twins)
        rate_unknown(t, twins)
        of_vports(t, twins)
        for tenant in FITS:
            t.equal(f"{tenant} talks", traffic.ping(twins.near[tenant], FAR), 5)
    restarted(t, twins)


def red(guarantee):
    return {"tenants": {"red": {"guarantee": guarantee}}}


def too_much(document):
    document = copy.deepcopy(document)
    document["tenants"]["red"]["guarantee"] = "65Mbps"
    return document


def every_way(t, twins, document):
    weir, client, path = twins.weir, twins.weir.client, "/tenants/red"
    before, version = client.show(), weir.call("/weir/info")["config_version"]
    file = weir.write(too_much(document), "much.json")
    for what, call in (("patch", lambda: weir.patch(red("65Mbps"))),
                       ("load", lambda: weir.call("/weir/config/load", file)),
                       ("check", lambda: weir.call("/weir/config/check", json.dumps(red("65Mbps")))),
                       ("check of a file", lambda: weir.call("/weir/config/check", file)),
                       ("load in pieces", lambda: client.submit("load", too_much(document))),
                       ("check in pieces", lambda: client.submit("check", too_much(document)))):
        t.refused(f"{what} of what does not fit", call, errno.ENOSPC, path, TOO_MUCH)
    t.equal("what was refused changes nothing", client.show(), before)
    t.equal("and is no version", weir.call("/weir/info")["config_version"], version)


def by_hand(t, twins, document):
    ctl = Weirctl(t, twins.weir)
    file = twins.weir.write(too_much(document), "much.json")
    for words in (("apply", file), ("check", file), ("patch", json.dumps(red("65Mbps")))):
        ctl.expect(1, *words, text=TOO_MUCH)


def lower(t, twins):
    """Who gives makes room for who takes; in one change too."""
    twins.weir.patch(red("55Mbps"))
    t.refused("1 Mbit/s more than there is", lambda: twins.weir.patch({"tenants": {"blue": {"guarantee": "46Mbps"}}}),
              errno.ENOSPC, "/tenants/blue", "guarantees sum to 101Mbps: 1Mbps too much")
    twins.weir.patch({"tenants": {"blue": {"guarantee": "45Mbps"}}})
    twins.weir.patch({"tenants": {name: {"guarantee": guarantee} for name, guarantee in FITS.items()}})
    t.equal("both as before", [twins.weir.client.show(f"/tenants/{name}/guarantee") for name in FITS], list(FITS.values()))


def rate_lowered(t, twins):
    t.refused("a port's rate below what is guaranteed there", lambda: twins.weir.patch({"ports": {"up0": {"rate": "90Mbps"}}}),
              errno.ENOSPC, "/ports/up0", "port up0 carries 90Mbps, guarantees sum to 100Mbps: 10Mbps too much")
    twins.weir.patch({"ports": {"up0": {"rate": "90Mbps"}}, **red("50Mbps")})
    t.refused("the old guarantee", lambda: twins.weir.patch(red(FITS["red"])), errno.ENOSPC, "/tenants/red")
    twins.weir.patch({"ports": {"up0": {"rate": "100Mbps"}}, **red(FITS["red"])})


def rate_unknown(t, twins):
    """A virtual device's link speed means nothing."""
    t.refused("a port that guarantees need without its rate", lambda: twins.weir.patch({"ports": {"p-red": {"rate": None}}}),
              errno.ENOSPC, text='give it a "rate"')


def of_vports(t, twins):
    """Within their tenant's."""
    t.refused("a vport's guarantee above its tenant's",
              lambda: twins.weir.patch({"tenants": {"red": {"vports": {"host": {"guarantee": "61Mbps"}}}}}),
              errno.ENOSPC, "/tenants/red/guarantee", "sum to 61Mbps, its own is 60Mbps: 1Mbps too much")
    twins.weir.patch({"tenants": {"red": {"vports": {"host": {"guarantee": "60Mbps"}}}}})


def restarted(t, twins):
    """What was admitted is after a restart, too."""
    t.equal("exit status", twins.weir.stop(), 0)
    twins.weir.start()
    t.equal("guarantees after a restart", [twins.weir.client.show(f"/tenants/{name}/guarantee") for name in FITS],
            list(FITS.values()))
    t.refused("what does not fit, after a restart", lambda: twins.weir.patch(red("65Mbps")), errno.ENOSPC, "/tenants/red",
              TOO_MUCH)
