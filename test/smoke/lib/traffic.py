# SPDX-License-Identifier: BSD-3-Clause
"""Traffic from real stacks, numbered datagrams, and raw frames in and out."""
import contextlib
import json
import os
import signal
import socket
import struct
import subprocess
import threading
import time

from . import shell

ETH_P_ALL = 3
SO_RCVBUFFORCE = 33
SOL_PACKET = 263
PACKET_AUXDATA = 8
PACKET_IGNORE_OUTGOING = 23
PMTUDISC_DO = 2
MTU_DISCOVER = {socket.AF_INET: (socket.IPPROTO_IP, 10), socket.AF_INET6: (socket.IPPROTO_IPV6, 23)}
PROMPT = ("nice", "-n", "-20")  # before a program that is to have its core when it wants it
AUX_VLAN_VALID = 1 << 4
AUX_VLAN_TPID_VALID = 1 << 6


def ping(ns, address, **how):
    """Sends echo requests as round_trips() does; returns how many were answered."""
    return len(round_trips(ns, address, **how))


def round_trips(ns, address, count=5, size=56, whole=False, wait=1.0):
    """
    Sends `count` echo requests with `size` bytes each, one in 20 ms; returns the seconds that each answer took, those
    of the quickest first. `whole`: never in fragments. By the kernel's ping sockets: ping itself gives up after two
    round trips.
    """
    family, protocol, request = ((socket.AF_INET6, socket.IPPROTO_ICMPV6, 128) if ":" in address
                                 else (socket.AF_INET, socket.IPPROTO_ICMP, 8))
    sent, answered = [], {}
    with ns.socket(family, socket.SOCK_DGRAM, protocol) as echo:
        echo.settimeout(0.02)
        if whole:
            level, option = MTU_DISCOVER[family]
            echo.setsockopt(level, option, PMTUDISC_DO)
        for number in range(count):
            sent.append(time.monotonic())
            with contextlib.suppress(OSError):
                echo.sendto(struct.pack("!BBHHH", request, 0, 0, 0, number) + bytes(size), (address, 0))
            _collect_answers(echo, answered, count, time.monotonic() + 0.02)
        _collect_answers(echo, answered, count, time.monotonic() + wait)
    return sorted(at - sent[number] for number, at in answered.items())


def _collect_answers(echo, answered, count, until):
    while len(answered) < count and time.monotonic() < until:
        with contextlib.suppress(OSError):
            data = echo.recv(65536)
            if data[0] in (0, 129):  # replies, of IPv4 and of IPv6
                answered.setdefault(struct.unpack_from("!H", data, 6)[0], time.monotonic())


def iperf(near, far, address, *options, seconds=2):
    """Runs iperf3 from `near` to a server in `far`; returns the client's report."""
    server = subprocess.Popen(far.command(*PROMPT, "iperf3", "-s", "-1", "--forceflush"), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        for line in server.stdout:
            if "listening" in line:
                break
        done = near.attempt(*PROMPT, "iperf3", "-c", address, "-J", "-t", seconds, *options,
                            timeout=seconds + 30)
        report = json.loads(done.stdout)
        if "error" in report:
            raise shell.CommandError(f"iperf3: {report['error']}")
        return report
    finally:
        shell.end(server)
        server.stdout.close()


def iperf_tcp(near, far, address, *options, seconds=2):
    """Returns (received bit/s, received bytes)."""
    received = iperf(near, far, address, *options, seconds=seconds)["end"]["sum_received"]
    return received["bits_per_second"], received["bytes"]


def iperf_udp(near, far, address, rate, size=1200, seconds=2):
    """Returns (received bit/s of payload, sent datagrams, lost datagrams)."""
    total = iperf(near, far, address, "-u", "-b", rate, "-l", size, seconds=seconds)["end"]["sum"]
    arrived = total["packets"] - total["lost_packets"]
    return arrived * size * 8 / total["seconds"], total["packets"], total["lost_packets"]


class Stream:
    """Numbered UDP datagrams from one namespace to another at a steady rate, each accounted for at the end."""

    def __init__(self, near, far, address, port, pps=500, size=64):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.to, self.pps, self.size = (address, port), pps, size
        self.tx, self.rx = near.socket(family, socket.SOCK_DGRAM), far.socket(family, socket.SOCK_DGRAM)
        self.rx.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
        self.rx.bind(self.to)
        self.rx.settimeout(0.1)
        self.sent, self.errors = 0, 0
        self.arrivals = []
        self._ending, self._done = threading.Event(), threading.Event()
        self._threads = [threading.Thread(target=self._send), threading.Thread(target=self._receive)]

    def _send(self):
        start = time.monotonic()
        while not self._ending.is_set():
            due = int((time.monotonic() - start) * self.pps)
            for _ in range(min(due - self.sent, 32)):
                try:
                    self.tx.sendto(struct.pack("!Q", self.sent).ljust(self.size, b"w"), self.to)
                except OSError:
                    self.errors += 1
                self.sent += 1
            time.sleep(1 / self.pps)

    def _receive(self):
        while not self._done.is_set():
            try:
                self.arrivals.append(struct.unpack_from("!Q", self.rx.recv(65536))[0])
            except TimeoutError:
                pass

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def wait_flowing(self, timeout=5.0):
        """Until something sent from now on has arrived."""
        mark = self.sent
        shell.wait_until("numbered datagrams arrive", lambda: self.arrivals and self.arrivals[-1] >= mark, timeout)

    def stop(self, grace=1.0):
        """Ends sending, waits for what is under way."""
        if self._done.is_set():
            return
        self._ending.set()
        self._threads[0].join()
        deadline = time.monotonic() + grace
        while len(self.arrivals) < self.sent and time.monotonic() < deadline:
            time.sleep(0.02)
        self._done.set()
        self._threads[1].join()
        self.tx.close()
        self.rx.close()

    @property
    def lost(self):
        return self.sent - len(set(self.arrivals))

    @property
    def duplicates(self):
        return len(self.arrivals) - len(set(self.arrivals))

    @property
    def reordered(self):
        return sum(b < a for a, b in zip(self.arrivals, self.arrivals[1:]))


class Pump:
    """UDP datagrams at an even pace, from a process that nothing on this machine keeps waiting."""

    def __init__(self, near, address, port, pps, size):
        self.socket = near.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect((address, port))
        self.socket.setblocking(False)
        self.pps, self.payload = pps, b"w" * size

    def __enter__(self):
        self.pid = os.fork()
        if self.pid == 0:
            try:
                self._send()
            finally:
                os._exit(1)
        self.socket.close()
        return self

    def __exit__(self, *_):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)

    def _send(self):
        try:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        except OSError:
            os.nice(-20)
        due = time.monotonic()
        while True:
            time.sleep(max(due - time.monotonic(), 0.0002))
            now = time.monotonic()
            due = max(due, now - 0.02)  # what was missed by more than this stays unsent
            while due < now:
                with contextlib.suppress(OSError):
                    self.socket.send(self.payload)
                due += 1 / self.pps


class Wire:
    """Raw frames on an interface: sends them as they are, collects those that come in."""

    def __init__(self, ns, dev):
        self.socket = ns.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.socket.bind((dev, 0))
        self.socket.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.socket.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 32 << 20)
        self.socket.settimeout(0.05)
        self.frames = []
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._collect)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._done.set()
        self._thread.join()
        self.socket.close()

    def send(self, frame):
        self.socket.send(bytes(frame))

    def _collect(self):
        while not self._done.is_set():
            try:
                data, ancillary, _, _ = self.socket.recvmsg(65536, 128)
            except TimeoutError:
                continue
            self.frames.append(_with_tag(data, ancillary))

    def having(self, payload):
        """Collected frames that contain `payload`."""
        return [frame for frame in list(self.frames) if payload in frame]

    def wait_for(self, payload, count=1, timeout=3.0):
        """Until `count` frames with `payload` are there; returns what is there, perhaps fewer."""
        try:
            shell.wait_until("frames", lambda: len(self.having(payload)) >= count, timeout)
        except TimeoutError:
            pass
        return self.having(payload)


def _with_tag(data, ancillary):
    """The kernel keeps a frame's outer VLAN tag beside it: back where it was."""
    for level, kind, value in ancillary:
        if level == SOL_PACKET and kind == PACKET_AUXDATA:
            status, _, _, _, _, tci, tpid = struct.unpack_from("=IIIHHHH", value)
            if status & AUX_VLAN_VALID:
                tpid = tpid if status & AUX_VLAN_TPID_VALID else 0x8100
                return data[:12] + struct.pack("!HH", tpid, tci) + data[12:]
    return data


def write_pcap(path, frames):
    with open(path, "wb") as file:
        file.write(struct.pack("=IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for at, frame in enumerate(frames):
            file.write(struct.pack("=IIII", at, 0, len(frame), len(frame)) + frame)
