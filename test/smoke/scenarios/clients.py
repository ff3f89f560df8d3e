# SPDX-License-Identifier: BSD-3-Clause
"""Every command by dpdk-telemetry.py; then clients that send garbage, too much, too many: weir keeps forwarding."""
import json
import os
import random
import socket

from lib import shell, telemetry, traffic
from lib.topology import FAR, Twins

COMMANDS = (
    "/weir/info",
    "/weir/config/show",
    "/weir/config/show,/tenants/red",
    '/weir/config/check,{"tenants":{"red":{"limit":"1Gbps"}}}',
    '/weir/config/patch,{"tenants":{"red":{"limit":"1Gbps"}}}',
    "/weir/config/rollback,1",
    "/weir/port/list", "/weir/port/stats,up0",
    "/weir/tenant/list", "/weir/tenant/stats,red", "/weir/tenant/receipts,red",
    "/weir/vport/list", '/weir/vport/list,{"tenant":"red","cursor":0}', "/weir/vport/stats,red/host",
    "/weir/switch/list", "/weir/switch/stats,red/web",
    '/weir/flow/list,{"tenant":"red","cursor":0}', "/weir/flow/list",
    '/weir/mac/list,{"tenant":"red","cursor":0}', "/weir/neigh/list",
    "/weir/drops", "/weir/drops,red",
    "/weir/conservation", "/weir/conservation,red",
    "/weir/worker/stats", "/weir/worker/stats,1",
)

# What is refused, with which errno (None: any).
REFUSED = (
    ("/weir/config/load,/nowhere/at/all.json", 2), ("/weir/config/load", 22),
    ("/weir/config/patch", 22), ('/weir/config/patch,{"tenants":', 22), ("/weir/config/patch,[]", 22),
    ('/weir/config/patch,{"tenants":{"red":{"limit":"1Gbps","limit":"2Gbps"}}}', 17),
    ('/weir/config/patch,{"tenants":{"red":{"limit":"99999Tbps"}}}', None),
    ('/weir/config/patch,{"tenants":{"red":{"limitt":"1Gbps"}}}', 22),
    ('/weir/config/patch,{"tenants":{"red":{"guarantee":"1Gbps"}}}', None),
    ('/weir/config/patch,{"tenants":{"red":{"limit":"1Gbps\\u0000"}}}', 22),
    ('/weir/config/begin,{"op":"destroy"}', 22), ('/weir/config/commit,{"id":4711}', None),
    ('/weir/config/put,{"id":4711,"offset":0,"data":"x"}', None), ('/weir/config/abort,{"id":4711}', None),
    ("/weir/config/rollback,1000", 2), ("/weir/config/rollback,x", 22), ("/weir/config/rollback,-1", 22),
    ("/weir/config/show,/no/such/thing", 2),
    ("/weir/port/stats,nope", 2), ("/weir/tenant/stats,nope", 2), ("/weir/vport/stats,red/nope", 2),
    ("/weir/vport/stats,", None), ("/weir/switch/stats,red/nope", 2), ("/weir/drops,nope", 2),
    ("/weir/conservation,nope", 2), ("/weir/worker/stats,99", None), ('/weir/mac/list,{"tenant":"nope"}', 2),
)

BAD_DOCUMENTS = (
    "", "{", "[]", "null", '"x"', "{}{}", '{"tenants":{}}x', '{"tenants":[]}', '{"tenants":{"red":null}',
    '{"tenants":{"red":{"switches":{"s":{"vni":0}}}}}', '{"tenants":{"red":{"switches":{"s":{"vni":16777216}}}}}',
    '{"settings":{"flows":1e999}}', "\xff\xfe", '{"a":' * 2000, "[" * 100_000,
)


def run(t):
    twins = Twins(t)
    twins.start()
    twins.settle()
    weir = twins.weir
    with t.balanced(weir), traffic.Stream(twins.near["red"], twins.far["red"], FAR, 7000) as stream:
        stream.wait_flowing()
        ordinary_client(t, weir)
        document_in_pieces(t, weir)
        refusals(t, weir)
        bad_documents(t, weir)
        version = weir.call("/weir/info")["config_version"]
        garbage(t, weir)
        sizes(t, weir)
        crowd(t, weir)
        t.equal("nothing of it changed anything", weir.call("/weir/info")["config_version"], version)
        stream.wait_flowing()
    t.equal("lost meanwhile", stream.lost, 0)


def ordinary_client(t, weir):
    done = shell.attempt("dpdk-telemetry.py", "-f", weir.prefix, stdin="\n".join(COMMANDS) + "\nquit\n")
    replies = [json.loads(line) for line in done.stdout.splitlines()]
    replies = [reply for reply in replies if not {"pid", "max_output_len"} <= set(reply)]
    t.equal("dpdk-telemetry.py: answers", len(replies), len(COMMANDS))
    for command, reply in zip(COMMANDS, replies):
        name = command.partition(",")[0]
        answer = reply.get(name)
        t.check(command, isinstance(answer, dict) and answer.get("status") == "ok", reply)
    listed = weir.client.ask("/")
    missing = [command for command in COMMANDS if command.partition(",")[0] not in listed]
    t.equal("'/' lists the commands", missing, [])


def document_in_pieces(t, weir):
    """Over the socket, whatever its size; then refused, unchanged, aborted."""
    before = weir.client.show()
    change = {"tenants": {"many": {"switches": {f"s{at}": {} for at in range(300)}}}}
    reply = weir.client.submit("patch", change)
    t.equal("a patch in pieces changes one tenant", reply["tenants"], 1)
    t.equal("and is what is shown", weir.client.show("/tenants/many/switches"), change["tenants"]["many"]["switches"])
    reply = weir.client.submit("check", before)
    t.equal("a check in pieces says that it would change", reply["would_change"], 1)
    weir.client.submit("load", before)
    t.equal("a load in pieces", weir.client.show(), before)
    ident = weir.call("/weir/config/begin", {"op": "load"})["id"]
    t.refused("one open at a time", lambda: weir.call("/weir/config/begin", {"op": "load"}))
    t.refused("a hole in the document",
              lambda: weir.call("/weir/config/put", {"id": ident, "offset": 100, "data": "x"}))
    weir.call("/weir/config/abort", {"id": ident})
    t.refused("what was aborted cannot be committed", lambda: weir.call("/weir/config/commit", {"id": ident}))
    t.check("then another may begin", weir.call("/weir/config/begin", {"op": "load"})["id"] != ident)


def refusals(t, weir):
    for request, errno in REFUSED:
        command, _, parameters = request.partition(",")
        t.refused(request, lambda c=command, p=parameters: weir.call(c, p or None), errno)
    t.refused("the path of a fault", lambda: weir.patch({"tenants": {"red": {"vports": {"host": {"vlan": 4096}}}}}),
              path="/tenants/red/vports/host/vlan")
    t.refused("a VNI twice", lambda: weir.patch({"tenants": {"red": {"switches": {"x": {"vni": 5002}}}}}),
              path="/tenants/red/switches/x/vni")


def bad_documents(t, weir):
    before = weir.client.show()
    for text in BAD_DOCUMENTS:
        path = weir.write(text, "bad.json")
        t.refused(f"load of {text[:40]!r}", lambda: weir.call("/weir/config/load", path))
    with open(os.path.join(weir.folder, "huge.json"), "w", encoding="ascii") as file:
        file.write('{"tenants":{' + ",".join(f'"t{at:07}":{{"limit":"1Gbps"}}' for at in range(100)))
        file.write(" " * 100_000_000 + "}}")
    t.refused("load of 100 MB", lambda: weir.call("/weir/config/load", file.name))
    os.unlink(file.name)
    t.equal("refused documents change nothing", weir.client.show(), before)


def garbage(t, weir):
    rng = random.Random(7)
    for _ in range(300):
        client = weir.connect()
        size = rng.choice((1, 2, 10, 100, 1000, 1022))
        data = bytes(rng.randrange(256) for _ in range(size))
        if rng.random() < 0.5:
            data = b"/weir/" + data[6:]
        try:
            client.raw(data)
        except (OSError, ValueError):
            pass  # any answer will do
        client.close()
    t.equal("after garbage it answers", weir.call("/weir/info")["status"], "ok")


def sizes(t, weir):
    """DPDK cuts a request at 1023 bytes in silence: one of that length may be a part of something."""
    head, tail = '/weir/config/patch,{"tenants":{"red":{"limit":"1Mbps"', "}}}"
    for size in (telemetry.MAX_REQUEST, 1024, 5000):
        data = head + " " * (size - len(head) - len(tail)) + tail
        reply = weir.client.raw(data.encode())["/weir/config/patch"]
        t.equal(f"a patch of {size} bytes", reply.get("status"), "error")
    t.check("none took effect", weir.tenant("red")["limit_bps"] == 0)


def crowd(t, weir):
    """Ten clients are served; the others are turned away, and served once there is room."""
    clients, turned_away = [], 0
    for _ in range(14):
        try:
            clients.append(weir.connect())
        except (OSError, ValueError):
            turned_away += 1
    answers = [client.ask("/weir/info") for client in clients]
    t.check("clients side by side", len(answers) >= 8, len(answers))
    t.equal("each has its answer or is turned away", len(answers) + turned_away, 14)
    idle = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    idle.connect(weir.socket_path)
    idle.close()
    for client in clients:
        client.close()

    def served():
        try:
            weir.connect().close()
            return True
        except (OSError, ValueError):
            return False

    t.check("room again", shell.wait_until("a client is served", served))
