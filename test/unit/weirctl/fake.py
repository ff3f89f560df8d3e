#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A telemetry server that answers as weir does, with made-up tenants. `fake.py RUNTIME_DIRECTORY` runs until killed."""
import json
import os
import socket
import sys
import threading
import time

PAGE = 2  # rows: small, so that every listing has pages


def pieces(text):
    return [text[i:i + 127] for i in range(0, len(text), 127)] or [""]


def columns(page, cursor, size, **rows):
    """One page of columns, with `next` where there are more."""
    n = len(next(iter(rows.values())))
    answer = {"status": "ok", **page, **{k: v[cursor:cursor + size] for k, v in rows.items()}}
    if cursor + size < n:
        answer["next"] = cursor + size
    return answer


def error(errno, message, path=""):
    def long(s):
        return s if len(s) <= 127 else pieces(s)
    return {"status": "error", "errno": errno, "message": long(message), "path": long(path)}


class Fake:
    def __init__(self, runtime, prefix="weir", greet=True):
        folder = os.path.join(runtime, "dpdk", prefix)
        os.makedirs(folder, exist_ok=True)
        self.greet = greet
        self.document, self.version = b'{"tenants":{"red":{"limit":"10Mbps"},"blue":{}}}', 1
        self.uploads, self.aborted = {}, []
        self.requests, self.stale = [], 0
        self.start = time.monotonic()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        path = os.path.join(folder, "dpdk_telemetry.v2")
        if os.path.exists(path):
            os.unlink(path)
        self.socket.bind(path)
        self.socket.listen(20)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client = self.socket.accept()[0]
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        if not self.greet:
            client.close()
            return
        try:
            client.send(b'{"version":"DPDK 22.11.11","pid":1,"max_output_len":16384}')
            while request := client.recv(1024):
                self.requests.append(request)
                command, _, params = request[:1023].partition(b",")
                method = getattr(self, command.decode()[1:].replace("/", "_"), None)
                answer = method(params.decode("latin-1")) if method else None
                client.send(json.dumps({command.decode(): answer}, separators=(",", ":")).encode()[:16384])
        except (BrokenPipeError, ConnectionResetError):
            pass
        client.close()

    def ns(self):
        return int((time.monotonic() - self.start) * 1e9) + 1

    def count(self, rate):
        return int(rate * self.ns() / 1e9)

    # ---- configuration ----

    def changed(self):
        return {"status": "ok", "version": self.version, "ports": 1, "underlays": 0, "tenants": 2, "settings": 1,
                "interrupted": ["nic1"], "note": "settings.flows takes effect at the next start"}

    def weir_config_begin(self, params):
        self.uploads[7] = [json.loads(params)["op"], bytearray()]
        return {"status": "ok", "id": 7, "timeout_s": 60, "max_bytes": 64 << 20}

    def weir_config_put(self, params):
        request = json.loads(params)
        data = self.uploads[request["id"]][1]
        if request["offset"] != len(data):
            return error(22, "offset")
        data += request["data"].encode("latin-1")
        return {"status": "ok", "size": len(data)}

    def weir_config_abort(self, params):
        self.aborted.append(json.loads(params)["id"])
        return {"status": "ok"}

    def weir_config_commit(self, params):
        op, data = self.uploads.pop(json.loads(params)["id"])
        try:
            json.loads(data)
        except ValueError as e:
            return error(22, str(e))
        if b"bad" in data:
            return error(34, "more than " + "very " * 40 + "much", "/tenants/red/limit")
        if op == "check":
            return {**self.changed(), "would_change": 1}
        self.version += 1
        if op == "load":
            self.document = bytes(data)
        self.patched = bytes(data)
        return self.changed()

    def weir_config_rollback(self, params):
        return self.changed() if params == "1" else error(2, "there is no version before")

    def weir_config_show(self, params):
        request = json.loads(params)
        if self.stale > 0 and request.get("cursor", 0) > 0:
            self.stale -= 1
            return error(116, "the configuration has changed")
        if request["cursor"] > 0 and request.get("version") != self.version:
            return error(22, "a page needs its version")
        text = self.document.decode("latin-1")
        if request["pointer"]:
            text = json.dumps(json.loads(text)["tenants"]["red"])
        answer = {"status": "ok", "version": self.version, "text": pieces(text[request["cursor"]:][:300])}
        if request["cursor"] + 300 < len(text):
            answer["next"] = request["cursor"] + 300
        return answer

    # ---- listings ----

    def page(self, params, **rows):
        request = json.loads(params or "{}")
        tenant = request.get("tenant")
        if tenant is not None:
            keep = [i for i, name in enumerate(rows["name"]) if name.startswith(tenant + "/")]
            rows = {k: [v[i] for i in keep] for k, v in rows.items()}
        return columns({"time_ns": self.ns()}, request.get("cursor", 0), PAGE, **rows)

    def weir_info(self, _):
        return {"status": "ok", "version": "0.1.0", "workers": 2, "ports": 3, "tenants": 3, "vports": 3, "switches": 3,
                "uptime_ns": self.ns(), "config_version": self.version, "state": "/var/lib/weir", "prefix": "weir",
                "max_ethdevs": 32, "max_ifaces": 1024, "used_ifaces": 5, "flow_slots": 1000000, "flows": 12,
                "macs": 5, "mbufs": 65536, "mbufs_free": 60000}

    def weir_port_list(self, params):
        return self.page(params, name=["up0", "vm-red", "vm-blue"], device=["net_pcap0", "net_pcap1", ""],
                       up=[1, 1, 0], link_mbps=[10000, 0, 0], mtu=[9000, 1500, 1500], rx_queues=[1, 1, 0],
                       tx_queues=[1, 1, 0], reason=["", "", "no such interface"])

    def weir_port_stats(self, name):
        return {"status": "ok", "rx_packets": 2**64 - 1, "rate_bps": 10**10, "up": 1} if name == "up0" else \
            error(2, "there is no port " + name)

    def weir_tenant_list(self, params):
        limit = [10000000, 40000000, 0]
        return self.page(params, name=["red", "blue", "green"], rx_packets=[self.count(100000)] * 3,
                         rx_bytes=[self.count(1e8)] * 3, tx_uplink_packets=[self.count(r / 8000) for r in limit],
                         tx_uplink_bytes=[self.count(r / 8) for r in limit],
                         tx_vport_packets=[self.count(r / 16000) for r in limit],
                         tx_vport_bytes=[self.count(r / 16) for r in limit],
                         drop_packets=[self.count(900000), self.count(800), 0], drop_bytes=[0] * 3,
                         limit_bps=limit, limit_pps=[0, 0, 0], flows=[4, 4, 0], vports=[1, 2, 0])

    def weir_tenant_receipts(self, params):
        request = json.loads(params)
        n = min(request.get("last", 7), 7)
        if request["tenant"] != "red":
            return error(2, "there is no tenant " + request["tenant"])
        way = {"demanded_bps": [2 * 10**6] * n, "demanded_pps": [200] * n, "delivered_bps": [10**6] * n,
               "delivered_pps": [100] * n, "why": ["none"] * (n - 1) + ["own_limit"]}
        return columns({"time_ns": 10**12}, request.get("cursor", 0), PAGE,
                       at_ns=[10**12 - i * 10**9 for i in range(n - 1, -1, -1)], interval_ns=[10**9] * n,
                       promised_bps=[1500000] * n, promised_pps=[0] * n,
                       **{"to_uplink_" + k: v for k, v in way.items()}, **{"to_vport_" + k: v for k, v in way.items()},
                       cpu_permille=[123] * n)

    def weir_tenant_stats(self, name):
        return {"status": "ok", "rx_packets": 9007199254740993, "drop_tenant_limit": 5, "limit_bps": 10000000, "to_uplink_why": 2,
                "time_ns": self.ns()} if name == "red" else error(2, "there is no tenant " + name)

    def weir_vport_list(self, params):
        return self.page(params, name=["red/vm1", "blue/vm1", "blue/vm2"], switch=["lan"] * 3,
                         port=["vm-red", "vm-blue", "vm-blue"], vlan=[0, 0, 100], up=[1, 0, 0],
                         rx_packets=[self.count(1000)] * 3, rx_bytes=[self.count(1000000)] * 3,
                         tx_packets=[self.count(900)] * 3, tx_bytes=[self.count(900000)] * 3,
                         drop_packets=[0] * 3, drop_bytes=[0] * 3, limit_bps=[0, 20000000, 0],
                         limit_pps=[0, 2000, 0])

    def weir_drops(self, name):
        return {"status": "ok", "time_ns": self.ns(), "reason": ["tenant_limit", "mtu"], "packets": [self.count(900000), self.count(3)],
                "bytes": [self.count(9e8), self.count(4500)]}

    def weir_trace(self, params):
        request = json.loads(params)
        if request["from"] != "red/vm1":
            return error(2, "is neither a vport", "/from")
        packet = request.get("packet") or "hex " + request["hex"]
        return {"status": "ok", "result": "forwarded by vport red/vm2", "reason": "", "packet": pieces(packet),
                "element": ["vport red/vm1", "router red/r1", ""],
                "what": ["enters switch red/lan", "route 10.0.0.0/8 via", "10.0.1.7"]}

    def weir_explain(self, params):
        if not params.startswith("{"):
            if params != "red":
                return error(2, "there is no tenant")
            return {"status": "ok", "drop": [7, 6], "at_ns": [self.ns(), 1], "len": [60, 1500], "at": ["vport red/vm1"] * 2,
                    "reason": ["denied", "mtu"], "text": ["no rule", "too large"], "packet": ["udp 10.0.0.1:1 > 10.0.0.2:2"] * 2,
                    "packet_rest": ["", " len 1500"], "time_ns": self.ns()}
        request = json.loads(params)
        if request["drop"] != 7:
            return error(2, "drop is not kept", "/drop")
        return {**self.weir_trace('{"from":"red/vm1","packet":"udp 10.0.0.1:1 > 10.0.0.2:2"}'), "drop": 7, "at_ns": 1,
                "at": "vport red/vm1", "was": "denied", "text": "no rule", "differs": 1, "cut": 1}

    def weir_neigh_list(self, params):
        return self.page(params, ip=["192.0.2.2"], mac=["02:00:00:00:00:02"], state=["reachable"], port=["up0"],
                         age_ns=[3 * 10**9])

    def weir_mac_list(self, params):
        return self.page(params, name=["red/"] * 3, switch=["red/lan"] * 3, mac=["02:00:00:00:01:0%d" % i for i in range(3)],
                         at=["vport vm1", "remote 192.0.2.2", "remote 192.0.2.2"], static=[0, 0, 1],
                         age_ns=[10**6, 10**10, 0])

    def weir_flow_list(self, params):
        n = 5
        return self.page(params, name=["red/"] * n, ingress=["vport vm1"] * n, smac=["02:00:00:00:01:01"] * n,
                         dmac=["02:00:00:00:01:02"] * n, vlan=[""] * n, ethertype=[0x800, 0x800, 0x86dd, 0x88cc, 0x800],
                         proto=[6, 1, 17, 0, 17], src=["10.0.0.1", "10.0.0.1", "fd00::1", "", "10.0.0.1"],
                         dst=["10.0.0.2", "10.0.0.2", "fd00::2", "", "10.0.0.2"], sport=[43210, 2048, 53, 0, 0],
                         dport=[80, 77, 5353, 0, 0], fragment=[0, 0, 0, 0, 1], packets=[5] * n, bytes=[500] * n,
                         first_ns=[0] * n, last_ns=[0] * n, tcp_flags=[0x1a, 0, 0, 0, 0],
                         egress=["remote 192.0.2.2"] * n, worker=[1] * n)

    def weir_conservation(self, name):
        row = {"entered": 10, "generated": 1, "copies": 2, "left": 8, "consumed": 2, "drops": 3, "held": 0,
               "balance": 0}
        worker = {**row, "handed": 2, "taken": 5}
        del worker["held"]
        return {"status": "ok", **row, "time_ns": 1, **({} if name else {"control": worker, "worker_0": worker})}

    def weir_worker_stats(self, _):
        row = {"polls": 9, "busy_polls": 5, "rx_packets": 100, "tx_packets": 90, "busy_permille": 345,
               "cycles_per_packet": 210, "flows": 3, "paths": 2, "flow_slots": 1000}
        return {"status": "ok", "lcore": [1, 2], **{k: [v, v] for k, v in row.items()}}


if __name__ == "__main__":
    Fake(sys.argv[1])
    threading.Event().wait()
