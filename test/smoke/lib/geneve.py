# SPDX-License-Identifier: BSD-3-Clause
"""
The other end of a switch by Geneve: the kernel's device or, on a kernel that has none, one of our own between a tap and
a UDP socket.
"""
import fcntl
import os
import select
import socket
import struct
import threading

from . import shell

PORT = 6081
ETHERNET = 0x6558
TUNSETIFF = 0x400454ca
IFF_TAP, IFF_NO_PI = 2, 0x1000


def device(scenario, vtep_ns, name, vni, local, remote, to_ns, **host):
    """A Geneve device that sends by vtep_ns, the only one there, and is an interface of to_ns; returns whose it is."""
    maker = "the kernel's"
    try:
        vtep_ns.ip("link", "add", name, "type", "geneve", "id", vni, "remote", remote)
        vtep_ns.ip("link", "set", name, "netns", to_ns.name)
    except shell.CommandError as refusal:
        if "Unknown device type" not in str(refusal):
            raise
        scenario.enter(Endpoint(vtep_ns, name, vni, local, remote, to_ns))
        maker = "the tests' own, as this kernel has none"
    to_ns.host(name, **host)
    return maker


class Endpoint:
    """Frames of a tap in datagrams with Geneve's header, and back. What is not as weir should send it does not pass."""

    def __init__(self, vtep_ns, name, vni, local, remote, to_ns):
        self.header = struct.pack("!BBHI", 0, 0, ETHERNET, vni << 8)
        self.remote = remote
        self.udp = vtep_ns.socket(socket.AF_INET6 if ":" in local else socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind((local, PORT))
        self.udp.setblocking(False)
        with to_ns.entered():
            self.tap = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            fcntl.ioctl(self.tap, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
        self._done = threading.Event()
        self._threads = [threading.Thread(target=self._carry, args=way)
                         for way in ((self.tap, self._out), (self.udp.fileno(), self._in))]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._done.set()
        for thread in self._threads:
            thread.join()
        self.udp.close()
        os.close(self.tap)

    def _carry(self, source, step):
        while not self._done.is_set():
            select.select([source], [], [], 0.05)
            try:
                while not self._done.is_set():
                    step()
            except OSError:  # no more; or the interface is down, or the kernel has heard of a gateway that is not there
                pass

    def _out(self):
        self.udp.sendto(self.header + os.read(self.tap, 65536), (self.remote, PORT))

    def _in(self):
        data, (sender, *_) = self.udp.recvfrom(65536)
        if sender == self.remote and data[:8] == self.header:
            os.write(self.tap, data[8:])
