# SPDX-License-Identifier: BSD-3-Clause
"""The process: when it refuses to start, how it ends, ports that come late, changes that fail half-way."""
import os
import signal
import time

from lib import net, shell, traffic
from lib.topology import FAR, Twins

NULL = {"devargs": "net_null0,no-rx=1"}


def run(t):
    for part in (refusals, signals, late_port, half_way, two_workers):
        t.equal(f"SIGTERM after {part.__name__}", part(t).stop(), 0)


def ended(*argv):
    """Exit status and output of a start that is meant to fail."""
    done = shell.attempt(*argv, timeout=30)
    return done.returncode, done.stdout + done.stderr


def refusals(t):
    ns = t.netns("refusals")
    weir = t.weir(ns)
    common = ("--no-huge", "--no-shconf", "--no-pci", "-m", "256", "--file-prefix")
    main = f"0@{shell.OTHER_CPUS[0]}"
    status, text = ended(*weir.argv(eal=("--lcores", main) + common + (weir.prefix,)))
    t.check("no worker lcore: refused", status not in (0, None) and "worker" in text, (status, text[-300:]))
    status, text = ended(*weir.argv("--nonsense"))
    t.check("an option it does not know: refused", status != 0 and "nonsense" in text, (status, text[-300:]))
    bad = weir.write({"tenants": {"red": {"limit": "fast"}}}, "bad.json")
    status, text = ended(*weir.argv("--config", bad))
    t.check("a bad document: refused with its path", status != 0 and "/tenants/red/limit" in text, text[-300:])

    weir.start(document={"ports": {"n": NULL}})
    other = ("--lcores", f"{main},1@{shell.WORKER_CPU}") + common
    second = t.weir(ns)
    status, text = ended(*second.argv(eal=other + (weir.prefix,)))
    t.check("a second one of the prefix: refused", status != 0 and weir.prefix in text, (status, text[-300:]))
    second.state = weir.state
    status, text = ended(*second.argv(eal=other + (second.prefix,)))
    t.check("a second one on the state folder: refused", status != 0 and weir.state in text, (status, text[-300:]))
    t.equal("the first one is well", weir.call("/weir/info")["ports"], 1)
    return weir


def signals(t):
    weir = t.weir(t.netns("signals"))
    weir.start(document={"ports": {"n": NULL}})
    info = weir.call("/weir/info")
    t.equal("its state folder", info["state"], weir.state)
    t.equal("its prefix", info["prefix"], weir.prefix)
    t.equal("its workers", info["workers"], 1)
    weir.process.send_signal(signal.SIGPIPE)
    t.equal("SIGPIPE does not end it", weir.call("/weir/info")["status"], "ok")
    weir.process.send_signal(signal.SIGINT)
    t.equal("SIGINT", weir.process.wait(15), 0)
    leftovers = [name for name in os.listdir(weir.state) if name.endswith((".tmp", ".new"))]
    t.equal("nothing half-written is left", leftovers, [])
    weir.start()
    t.equal("started again, it has its configuration", weir.client.show("/ports"), {"n": NULL})
    return weir


def late_port(t):
    """An interface that is not there yet: down with its reason, and in use within seconds once it is."""
    ns, far = t.netns("late-weir"), t.netns("late-host")
    weir = t.weir(ns)
    devargs = net.packet_port(ns, "soon", far, "eth0")
    ns.ip("link", "del", "soon")
    document = {"ports": {"soon": {"devargs": devargs}, "n": NULL}}
    weir.start(document={"ports": {"n": NULL}})
    t.refused("on load it is an error", lambda: weir.load(document), path="/ports/soon/devargs")
    weir.stop()
    weir.start("--reset", document=document)
    rows = {row["name"]: row for row in weir.client.listing("/weir/port/list")}
    t.check("down, with the reason", not rows["soon"]["up"] and rows["soon"]["reason"], rows["soon"])
    t.check("the others run", rows["n"]["up"] and not rows["n"]["reason"], rows["n"])
    net.packet_port(ns, "soon", far, "eth0")
    far.host("eth0")
    weir.wait_links("soon")
    rows = {row["name"]: row for row in weir.client.listing("/weir/port/list")}
    t.equal("up, without a reason", (rows["soon"]["up"], rows["soon"]["reason"]), (1, ""))
    return weir


def half_way(t):
    """The second of two new ports cannot be opened: the first is unplugged again, and nothing has changed."""
    twins = Twins(t)
    twins.start()
    twins.settle()
    before = twins.weir.client.show()
    ports = {"a-new": {"devargs": "net_null7,no-rx=1"}, "b-new": {"devargs": "net_af_packet9,iface=nowhere"}}
    with traffic.Stream(twins.near["red"], twins.far["red"], FAR, 7000) as stream:
        stream.wait_flowing()
        for _ in range(3):
            t.refused("a port that cannot be opened", lambda: twins.weir.patch({"ports": ports}),
                      path="/ports/b-new/devargs")
        t.equal("the document is as before", twins.weir.client.show(), before)
        names = sorted(row["name"] for row in twins.weir.client.listing("/weir/port/list"))
        t.equal("the ports are as before", names, sorted(twins.devargs))
        twins.weir.patch({"ports": {"a-new": ports["a-new"]}})
        t.check("the first alone can be opened, since it was unplugged", True)
        twins.weir.patch({"ports": {"a-new": None}})
        changed = twins.weir.patch({"ports": {"p-blue": {"devargs": twins.devargs["p-blue"] + ",framecnt=1024"}}})
        t.equal("a port with other devargs: named as interrupted", changed["interrupted"], ["p-blue"])
        twins.weir.wait_links("p-blue")
        t.equal("and in use again", traffic.ping(twins.near["blue"], FAR), 5)
    t.equal("untouched tenant: lost", stream.lost, 0)
    t.refused("33 ports", lambda: twins.weir.client.submit(
        "patch", {"ports": {f"n{at}": {"devargs": f"net_null{at},no-rx=1"} for at in range(33)}}))
    t.equal("refused as a whole", sorted(twins.weir.client.show("/ports")), sorted(twins.devargs))
    return twins.weir


def two_workers(t):
    """Ports with one transmit queue and two workers: one of them hands over, nothing is lost or out of order."""
    ns, hosts = t.netns("pair"), [t.netns(f"pair{at}") for at in range(4)]
    weir = t.weir(ns, workers=2)
    ports = {f"p{at}": {"devargs": net.packet_port(ns, f"p{at}", host, "eth0")} for at, host in enumerate(hosts)}
    vports = {name: {"switch": "s", "port": name} for name in ports}
    for at, host in enumerate(hosts):
        host.host("eth0", mac=f"02:00:00:00:01:0{at}", addresses=(f"10.1.0.{at + 1}/24",))
    weir.start(document={"ports": ports, "tenants": {"red": {"switches": {"s": {}}, "vports": vports}}})
    weir.wait_links(*ports)
    t.equal("workers", weir.call("/weir/info")["workers"], 2)
    with t.balanced(weir):
        for at, host in enumerate(hosts):
            for other in range(4):
                if other != at:
                    t.equal(f"host {at} to host {other}", traffic.ping(host, f"10.1.0.{other + 1}", count=2), 2)
        with traffic.Stream(hosts[0], hosts[1], "10.1.0.2", 7000) as a, \
                traffic.Stream(hosts[1], hosts[0], "10.1.0.1", 7000) as b:
            a.wait_flowing()
            b.wait_flowing()
            time.sleep(1)
        for stream in (a, b):
            t.equal("lost, doubled, out of order", (stream.lost, stream.duplicates, stream.reordered), (0, 0, 0))
    stats = weir.call("/weir/worker/stats")
    t.check("both workers work", len(stats["rx_packets"]) == 2 and min(stats["rx_packets"]) > 0, stats)
    return weir
