# SPDX-License-Identifier: BSD-3-Clause
"""Network namespaces, veth pairs and kernel VXLAN devices, all removed when their scenario ends."""
import contextlib
import ctypes
import json
import os
import socket

from . import shell

CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


def _setns(fd):
    if _libc.setns(fd, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


class Netns:
    """A namespace of our own, without IPv6 on interfaces that do not ask for it."""

    def __init__(self, name):
        self.name = name
        shell.run("ip", "netns", "add", name)
        self.ip("link", "set", "lo", "up")
        self.sysctl("ipv4/ping_group_range", "0 2147483647")
        self.sysctl("ipv6/conf/default/disable_ipv6", 1)
        self.sysctl("ipv6/conf/default/accept_dad", 0)
        self.sysctl("ipv6/conf/default/router_solicitations", 0)

    def remove(self):
        shell.attempt("ip", "netns", "del", self.name)

    def ip(self, *args):
        return shell.run("ip", "-n", self.name, *map(str, args))

    def command(self, *argv):
        """What to execute for argv to run in here."""
        return ("ip", "netns", "exec", self.name) + tuple(map(str, argv))

    def run(self, *argv, timeout=30):
        return shell.run(*self.command(*argv), timeout=timeout)

    def attempt(self, *argv, timeout=30):
        return shell.attempt(*self.command(*argv), timeout=timeout)

    def sysctl(self, key, value):
        self.run("sh", "-c", f"echo {value} > /proc/sys/net/{key}")

    @contextlib.contextmanager
    def entered(self):
        """This thread is in here: what it opens stays here."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        there = os.open(f"/run/netns/{self.name}", os.O_RDONLY)
        try:
            _setns(there)
            yield
        finally:
            _setns(home)
            os.close(there)
            os.close(home)

    def socket(self, *args):
        """A socket that lives in here, for this process."""
        with self.entered():
            return socket.socket(*args)

    def address(self, dev, *addresses):
        for address in addresses:
            if ":" in address:
                self.sysctl(f"ipv6/conf/{dev}/disable_ipv6", 0)
                self.ip("addr", "add", address, "dev", dev, "nodad")
            else:
                self.ip("addr", "add", address, "dev", dev)

    def host(self, dev, mac=None, mtu=None, addresses=()):
        """Brings an interface up as a host's: its own checksums, frames no larger than its MTU."""
        if mac:
            self.ip("link", "set", dev, "address", mac)
        if mtu:
            self.ip("link", "set", dev, "mtu", mtu)
        self.attempt("ethtool", "-K", dev, "tx", "off", "gro", "off")
        self.ip("link", "set", dev, "up")
        self.address(dev, *addresses)

    def neighbour(self, dev, address, mac):
        self.ip("neigh", "replace", address, "lladdr", mac, "dev", dev, "nud", "permanent")

    def mac(self, dev):
        return json.loads(self.ip("-j", "link", "show", "dev", dev))[0]["address"]

    def counts(self, dev):
        """(rx packets, rx bytes, tx packets, tx bytes) of an interface, frames without FCS."""
        stats = json.loads(self.ip("-s", "-j", "link", "show", "dev", dev))[0]["stats64"]
        return (stats["rx"]["packets"], stats["rx"]["bytes"], stats["tx"]["packets"], stats["tx"]["bytes"])


def veth(here, name, there, peer, mtu=1500):
    """A pair: `name` in the namespace `here` and `peer` in `there`; both down still."""
    here.ip("link", "add", name, "mtu", mtu, "type", "veth", "peer", "name", peer, "mtu", mtu, "netns", there.name)


def packet_port(weir_ns, name, far_ns, far_dev, mtu=1500):
    """A veth pair whose near end weir opens by af_packet; returns the devargs. The far end is a host's interface."""
    veth(weir_ns, name, far_ns, far_dev, mtu)
    weir_ns.ip("link", "set", name, "up")
    jumbo = ",framesz=9216,blocksz=36864" if mtu > 1500 else ""
    return f"net_af_packet_{name},iface={name}{jumbo}"


def vxlan(vtep_ns, name, vni, local, remote, to_ns, **host):
    """A kernel VXLAN device that sends by vtep_ns and is an interface of to_ns."""
    dstport = ("dstport", 4789)
    checksums = ("udp6zerocsumrx",) if ":" in local else ()
    vtep_ns.ip("link", "add", name, "type", "vxlan", "id", vni, "local", local, "remote", remote, *dstport, *checksums)
    vtep_ns.ip("link", "set", name, "netns", to_ns.name)
    to_ns.host(name, **host)
