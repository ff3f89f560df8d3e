# SPDX-License-Identifier: BSD-3-Clause
"""
A program that forwards from one port to another on one polling core: stopped and continued, so that only one polls at
a time, and measured by what its ports count (DPDK's telemetry) and by the processor time its polling thread had.
"""
import contextlib
import dataclasses
import os
import signal
import time

from benchlib.workloads import SINK, SOURCE
from lib import shell
from lib.telemetry import Client
from lib.weir import RUNTIME

PATIENCE, ENOUGH = 10, 0.95  # times the seconds asked for
SETTLE = 0.4  # seconds after a pause, until caches and housekeeping are as they were


@dataclasses.dataclass(frozen=True)
class Sample:
    wall: float  # seconds
    cpu: float  # seconds that the polling thread ran
    sent: int
    sent_bytes: int
    received: tuple  # just before and just after the others


@dataclasses.dataclass(frozen=True)
class Figure:
    """What happened between two samples."""
    wall: float
    cpu: float
    sent: int
    sent_bytes: int
    received: int  # at least

    @property
    def share(self):
        """Of its core, what the polling thread had: below 1 when others took some."""
        return self.cpu / self.wall

    @property
    def rate(self):
        """Packets a second of a core it has for itself."""
        return self.sent / self.cpu

    @property
    def lost(self):
        """Share of what it received and did not send."""
        return max(0.0, 1 - self.sent / self.received) if self.received > 0 else 0.0

    def cycles(self, tsc_hz):
        return self.cpu * tsc_hz / self.sent


def between(old, new):
    return Figure(new.wall - old.wall, new.cpu - old.cpu, new.sent - old.sent, new.sent_bytes - old.sent_bytes,
                  new.received[0] - old.received[1])


class Contender:
    """`process` polls on shell.WORKER_CPU and has its telemetry under `prefix`. Takes over the process."""

    def __init__(self, name, process, prefix, log_path):
        self.name, self.process, self.prefix, self.log_path = name, process, prefix, log_path
        self.client = self.ports = self.thread = None
        self.stopped = False

    def attach(self, timeout=60.0):
        """Returns when both ports are there."""
        path = f"{RUNTIME}/{self.prefix}/dpdk_telemetry.v2"
        self.thread = None

        def connected():
            self.check()
            with contextlib.suppress(OSError):
                self.client = self.client or Client(path)
            return self.client and self._find_ports()

        self.ports = shell.wait_until(f"{self.name} has its ports", connected, timeout)

    def check(self):
        """Raises when the process has ended."""
        if self.process.poll() is not None:
            with open(self.log_path, encoding="utf-8", errors="replace") as log:
                said = "".join(log.readlines()[-10:])
            raise RuntimeError(f"{self.name} ended with {self.process.returncode}:\n{said}")
        return True

    def _find_ports(self):
        """(id of the source, id of the sink), or None as long as one is missing."""
        ids = {}
        for port in self.client.ask("/ethdev/list") or ():
            info = self.client.ask("/ethdev/info", str(port))
            if info:
                ids[info["name"]] = port
        return (ids[SOURCE], ids[SINK]) if SOURCE in ids and SINK in ids else None

    def _polling_thread(self):
        """The busiest of the threads that may run on the worker's core only."""
        folder = f"/proc/{self.process.pid}/task"

        def pinned(thread):
            with open(f"{folder}/{thread}/status", encoding="utf-8") as file:
                return f"Cpus_allowed_list:\t{shell.WORKER_CPU}\n" in file.read()

        return max((f"{folder}/{thread}" for thread in os.listdir(folder) if pinned(thread)), key=_run_time)

    def _stats(self, port):
        reply = self.client.ask("/ethdev/stats", str(port))
        if not reply:
            raise RuntimeError(f"{self.name} has no statistics of port {port}, of {self.ports}")
        return reply

    def sample(self):
        self.thread = self.thread or self._polling_thread()
        before = self._stats(self.ports[0])["ipackets"]
        start = time.monotonic()
        sink = self._stats(self.ports[1])
        wall, cpu = (start + time.monotonic()) / 2, _run_time(self.thread)
        return Sample(wall, cpu, sink["opackets"], sink["obytes"], (before, self._stats(self.ports[0])["ipackets"]))

    def measure(self, seconds):
        """Over so many seconds of its own; of the clock's, where others have its core for most of the time."""
        before = self.sample()
        end = before.wall + PATIENCE * seconds
        while True:
            time.sleep(max(0.01, seconds + before.cpu - _run_time(self.thread)))
            if _run_time(self.thread) - before.cpu >= ENOUGH * seconds or time.monotonic() > end:
                return between(before, self.sample())

    def warm(self, packets):
        """Until that many packets came in."""
        shell.wait_until(f"{self.name} is warm", lambda: self.check() and self.sample().received[0] >= packets, 60)

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)
        self.stopped = True

    def resume(self):
        self.process.send_signal(signal.SIGCONT)
        self.stopped = False

    def turn(self, seconds):
        """Measures alone, while the others are paused."""
        self.check()
        self.resume()
        time.sleep(SETTLE)
        figure = self.measure(seconds)
        self.pause()
        if figure.sent == 0:
            raise RuntimeError(f"{self.name} forwards nothing")
        return figure

    def close(self):
        if self.client:
            self.client.close()
        if self.stopped:
            self.resume()
        shell.end(self.process)
        shell.attempt("rm", "-rf", f"{RUNTIME}/{self.prefix}")


def _run_time(thread):
    with open(f"{thread}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[0]) / 1e9
