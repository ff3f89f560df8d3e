# SPDX-License-Identifier: BSD-3-Clause
"""The switch as a process: started in its own namespace, with its own prefix and state folder, ended by its pid."""
import json
import os
import signal
import socket
import subprocess

from . import shell
from .telemetry import Client

MEMORY = "512"
RUNTIME = "/var/run/dpdk"


def lcores(workers=1):
    """EAL's --lcores: control where the tests run, all workers on the core that is left to them."""
    worker = "".join(f",{at + 1}@{shell.WORKER_CPU}" for at in range(workers))
    return f"0@{shell.OTHER_CPUS[0]}{worker}"


class Weir:
    def __init__(self, build, ns, prefix, folder, workers=1, memory=MEMORY):
        self.program = os.path.join(build, "app/weir/weir")
        self.ns, self.prefix, self.folder = ns, prefix, folder
        self.workers, self.memory = workers, memory
        self.state = os.path.join(folder, "state")
        self.socket_path = f"{RUNTIME}/{prefix}/dpdk_telemetry.v2"
        self.process = None
        self.starts = 0
        self._client = None

    @property
    def log_path(self):
        return os.path.join(self.folder, f"weir.{self.starts}.log")

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def argv(self, *options, eal=None):
        eal = eal or ("--lcores", lcores(self.workers), "--no-huge", "--no-shconf", "--no-pci", "-m", self.memory,
                      "--file-prefix", self.prefix)
        argv = (self.program,) + tuple(eal) + ("--", "--state", self.state) + options
        return self.ns.command(*argv) if self.ns else argv

    def start(self, *options, document=None, wait=True):
        """Starts it; `document` is what a first start is given. Returns when packets flow (sd_notify)."""
        self._disconnect()
        self.starts += 1
        if document is not None:
            options += ("--config", self.write(document))
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        path = os.path.join(self.folder, f"notify.{self.starts}")
        notify.bind(path)
        try:
            with open(self.log_path, "wb") as log:
                self.process = subprocess.Popen(
                    self.argv(*options), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    start_new_session=True, env=dict(os.environ, NOTIFY_SOCKET=path))
            # A worker that is kept from polling loses what arrives, and time that limits were measured against.
            shell.put_first(self.process)
            if wait:
                self._wait_ready(notify)
        finally:
            notify.close()
            os.unlink(path)

    def _wait_ready(self, notify, timeout=30.0):
        notify.settimeout(0.05)

        def ready():
            try:
                return b"READY=1" in notify.recv(4096)
            except TimeoutError:
                if self.process.poll() is not None:
                    raise RuntimeError(f"weir ended with {self.process.returncode}:\n{self.log()}") from None
                return False

        shell.wait_until("weir says that it is ready", ready, timeout, every=0)

    def stop(self):
        """SIGTERM; returns the exit status."""
        self._disconnect()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(15)

    def kill(self):
        self._disconnect()
        self.process.kill()
        self.process.wait()

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def close(self):
        """For the end of a scenario: gone, whatever happened."""
        self._disconnect()
        if self.process:
            shell.end(self.process)
        shell.attempt("rm", "-rf", f"{RUNTIME}/{self.prefix}")

    def write(self, document, name="document.json"):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(document if isinstance(document, str) else json.dumps(document, indent=1))
        return path

    # ---- telemetry ----

    def connect(self):
        """A connection of the caller's own (a thread needs one)."""
        return Client(self.socket_path)

    def _disconnect(self):
        if self._client:
            self._client.close()
            self._client = None

    @property
    def client(self):
        if self._client is None:
            self._client = self.connect()
        return self._client

    def call(self, command, parameters=None):
        return self.client.call(command, parameters)

    def patch(self, change):
        return self.client.patch(change)

    def load(self, document):
        return self.call("/weir/config/load", self.write(document))

    def vport(self, name):
        return self.call("/weir/vport/stats", name)

    def tenant(self, name):
        return self.call("/weir/tenant/stats", name)

    def port(self, name):
        return self.call("/weir/port/stats", name)

    def drops(self, tenant=None):
        """{reason: packets}"""
        reply = self.call("/weir/drops", tenant)
        return dict(zip(reply["reason"], reply["packets"]))

    def balance(self, tenant=None):
        return self.call("/weir/conservation", tenant)["balance"]

    def entered(self, tenant=None):
        """Packets, weir's own apart."""
        return self.call("/weir/conservation", tenant)["entered"]

    def wait_links(self, *ports, timeout=10.0):
        """Until the ports named are up."""
        def up():
            rows = self.client.listing("/weir/port/list")
            return all(row["up"] for row in rows if row["name"] in ports)
        shell.wait_until(f"ports {', '.join(ports)} are up", up, timeout)
