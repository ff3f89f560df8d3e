# SPDX-License-Identifier: BSD-3-Clause
"""Meters of OpenFlow 1.3 over one connection: ovs-ofctl sets up one a process, 43 a second."""
import socket
import struct

VERSION = 4
HELLO, ERROR, METER_MOD, BARRIER_REQUEST, BARRIER_REPLY = 0, 1, 29, 20, 21
ADD, KBPS, DROP = 0, 1, 1


def _message(kind, body=b""):
    return struct.pack("!BBHI", VERSION, kind, 8 + len(body), kind) + body


def _meter(number, kbps):
    band = struct.pack("!HHII4x", DROP, 16, kbps, 0)
    return _message(METER_MOD, struct.pack("!HHI", ADD, KBPS, number) + band)


def _receive(sock, size):
    data = b""
    while len(data) < size:
        piece = sock.recv(size - len(data))
        if not piece:
            raise ConnectionError("the bridge closed the connection")
        data += piece
    return data


def add_meters(path, count, kbps):
    """Meters 1 to `count` of the bridge whose management socket is at `path`; each drops what exceeds its rate."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(30)
        sock.connect(path)
        meters = b"".join(_meter(at + 1, kbps) for at in range(count))
        sock.sendall(_message(HELLO) + meters + _message(BARRIER_REQUEST))
        kind = None
        while kind != BARRIER_REPLY:
            _, kind, size, _ = struct.unpack("!BBHI", _receive(sock, 8))
            body = _receive(sock, size - 8)
            if kind == ERROR:
                raise RuntimeError(f"OVS: meters: OpenFlow error {struct.unpack('!HH', body[:4])}")
