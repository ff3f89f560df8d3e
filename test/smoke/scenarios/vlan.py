# SPDX-License-Identifier: BSD-3-Clause
"""Vports by VLAN: tags in, tags out, tags inside tags, and tags that nobody claims."""
import struct

from lib.topology import Wires
from lib.shell import wait_until

A, B = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")


def frame(marker, *vids, dst=B, src=A):
    tags = b"".join(struct.pack("!HH", 0x8100, vid) for vid in vids)
    return dst + src + tags + struct.pack("!H", 0x88b5) + marker.ljust(60, b".")


def run(t):
    wires = Wires(t, "trunk", "plain", "other")
    wires.start({
        "red": {"switches": {"s": {}},
                "vports": {"in": {"switch": "s", "port": "trunk", "vlan": 100},
                           "out": {"switch": "s", "port": "plain"}}},
        "blue": {"switches": {"s": {}},
                 "vports": {"in": {"switch": "s", "port": "trunk", "vlan": 200},
                            "out": {"switch": "s", "port": "other", "vlan": 300}}},
        "green": {"switches": {"s": {}},
                  "vports": {"in": {"switch": "s", "port": "trunk"},
                             "out": {"switch": "s", "port": "other", "vlan": 301}}},
    })
    with t.balanced(wires.weir):
        passes(t, wires, "a tag goes", "trunk", (100,), "plain", ())
        passes(t, wires, "and comes", "plain", (), "trunk", (100,))
        passes(t, wires, "a tag becomes another", "trunk", (200,), "other", (300,))
        passes(t, wires, "and back", "other", (300,), "trunk", (200,))
        passes(t, wires, "untagged beside tags", "trunk", (), "other", (301,))
        passes(t, wires, "VID 0 counts as untagged", "trunk", (0,), "other", (301,))
        passes(t, wires, "a tag inside is the tenant's own", "trunk", (200, 7), "other", (300, 7))
        passes(t, wires, "and stays on the way back", "other", (300, 7), "trunk", (200, 7))
        dropped(t, wires, "a tag that nobody claims", (999,), None, "unknown_vlan")
        dropped(t, wires, "a tag inside, to a vport without VLAN", (100, 7), "red", "tagged_frame")


def passes(t, wires, what, here, vids, there, wanted):
    marker = what.encode()
    wires.wire[here].send(frame(marker, *vids, dst=b"\xff" * 6))
    got = wires.wire[there].wait_for(marker)
    t.equal(what, got, [frame(marker, *wanted, dst=b"\xff" * 6)])
    strays = [name for name, wire in wires.wire.items() if name not in (here, there) and wire.having(marker)]
    t.equal(f"{what}: seen elsewhere", strays, [])


def dropped(t, wires, what, vids, tenant, reason):
    def count():
        drops = wires.weir.drops(tenant)
        return drops.get(reason, 0)

    before = count()
    wires.wire["trunk"].send(frame(what.encode(), *vids, dst=b"\xff" * 6))
    wait_until(f"{what} is counted as {reason}", lambda: count() == before + 1)
    t.check(f"{what}: dropped as {reason}", True)
    strays = [name for name, wire in wires.wire.items() if wire.having(what.encode())]
    t.equal(f"{what}: seen", strays, [])
