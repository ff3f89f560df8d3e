# SPDX-License-Identifier: BSD-3-Clause
"""Conversations of sockets: who may open which, and what both ends see."""
import contextlib
import os
import random
import signal
import socket
import struct
import threading
import time

LINGER_NONE = struct.pack("ii", 1, 0)
CHUNK = 65536


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def tcp(ns, address=None, port=0, timeout=20.0):
    """A socket, bound where it says."""
    made = ns.socket(family_of(address or "0.0.0.0"), socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.settimeout(timeout)
    if address:
        made.bind((address, port))
    return made


def listen(ns, address, port):
    server = tcp(ns, address, port)
    server.listen(64)
    return server


def connect(ns, address, port, source=None, sport=0, timeout=20.0):
    """A connection from `ns`, or what the kernel says to it, as an OSError."""
    client = tcp(ns, source or ("::" if ":" in address else "0.0.0.0"), sport, timeout)
    try:
        client.connect((address, port))
    except OSError:
        client.close()
        raise
    return client


def begin(ns, address, port, source=None):
    """Sends a SYN, and does not wait for what comes of it."""
    client = tcp(ns, source or ("::" if ":" in address else "0.0.0.0"))
    client.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        client.connect((address, port))
    return client


def error_of_connect(ns, address, port):
    """The errno by which a connection is refused; 0: it is not, None: nobody answers."""
    try:
        connect(ns, address, port, timeout=5.0).close()
    except OSError as refusal:
        return refusal.errno
    return 0


def reset(connection):
    """Ends it by RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NONE)
    connection.close()


@contextlib.contextmanager
def pair(near, far, address, port, **how):
    """Both ends of a connection from `near` to `far`."""
    with listen(far, address, port) as server, connect(near, address, port, **how) as client:
        accepted, _ = server.accept()
        accepted.settimeout(20.0)
        with accepted:
            yield client, accepted


def receive(connection, size):
    """`size` bytes, or as many as come before the other end closes."""
    got = bytearray()
    while len(got) < size:
        piece = connection.recv(min(CHUNK, size - len(got)))
        if not piece:
            break
        got += piece
    return bytes(got)


def exchange(near, far, address, port, size):
    """`size` bytes there, and the same ones back, by a connection from `near`; are they the same?"""
    data = random.randbytes(size)

    def mirror(connection):
        with contextlib.suppress(OSError):
            connection.sendall(receive(connection, size))

    with pair(near, far, address, port) as (client, accepted):
        there = threading.Thread(target=mirror, args=(accepted,))
        there.start()
        try:
            client.sendall(data)
            return receive(client, size) == data
        except OSError:
            reset(client)
            return False
        finally:
            there.join()


def udp(near, far, address, port, size=64, wait=5.0):
    """A datagram there and one of its size back: (did it come, did its answer)."""
    data = random.randbytes(size)
    with near.socket(family_of(address), socket.SOCK_DGRAM) as client, \
            far.socket(family_of(address), socket.SOCK_DGRAM) as server:
        client.settimeout(wait)
        server.settimeout(wait)
        server.bind((address, port))
        client.sendto(data, (address, port))
        try:
            came, whence = server.recvfrom(CHUNK)
        except TimeoutError:
            return False, False
        server.sendto(came, whence)
        try:
            return came == data, client.recv(CHUNK) == data
        except TimeoutError:
            return came == data, False


def send_udp(ns, address, port, size=64):
    """A datagram that nobody waits for."""
    with ns.socket(family_of(address), socket.SOCK_DGRAM) as probe:
        probe.sendto(bytes(size), (address, port))


def error_of_udp(ns, address, port, wait=5.0):
    """The errno that comes back for a datagram; 0: none."""
    with ns.socket(family_of(address), socket.SOCK_DGRAM) as probe:
        probe.settimeout(wait)
        probe.connect((address, port))
        probe.send(b"x" * 32)
        try:
            probe.recv(1)
        except TimeoutError:
            return 0
        except OSError as refusal:
            return refusal.errno
    return 0


class Transfer:
    """Bytes from `near` to `far` by one connection, as fast as it goes, until it is left."""

    def __init__(self, near, far, address, port):
        self._pair = pair(near, far, address, port)
        self.received = 0

    def __enter__(self):
        self.client, self._accepted = self._pair.__enter__()
        self.client.settimeout(None)
        self._accepted.settimeout(None)
        self._threads = [threading.Thread(target=self._send), threading.Thread(target=self._receive)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *fault):
        for end in (self.client, self._accepted):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._pair.__exit__(*fault)

    def _send(self):
        with contextlib.suppress(OSError):
            while True:
                self.client.sendall(bytes(CHUNK))

    def _receive(self):
        with contextlib.suppress(OSError):
            while piece := self._accepted.recv(CHUNK):
                self.received += len(piece)


def segment(source, sport, target, dport, flags):
    """An IPv4 packet of a TCP header. Its checksum is wrong: hosts do not answer."""
    header = struct.pack("!HHIIBBHHH", sport, dport, 1, 1, 5 << 4, flags, 1024, 0xbad, 0)
    return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(header), 0, 0, 64, socket.IPPROTO_TCP, 0,
                       socket.inet_aton(source), socket.inet_aton(target)) + header


def raw(ns):
    """A socket for IPv4 packets with their header."""
    return ns.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)


class Flood:
    """SYNs from ports at random, as fast as a process of its own can send them."""

    def __init__(self, ns, source, target):
        self.socket = raw(ns)
        self.source, self.target = source, target

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
        start = segment(self.source, 0, self.target, 0, 0x02)
        head, tail = start[:20], start[24:]
        while True:
            ports = struct.pack("!HH", random.randrange(1024, 65536), random.randrange(1, 65536))
            try:
                self.socket.sendto(head + ports + tail, (self.target, 0))
            except OSError:  # no room
                time.sleep(0.001)
