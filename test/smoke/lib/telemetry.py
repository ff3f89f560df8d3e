# SPDX-License-Identifier: BSD-3-Clause
"""A client of DPDK's telemetry socket."""
import json
import socket

MAX_REQUEST = 1023
MAX_REPLY = 16384


class Refused(Exception):
    """weir answered with an error."""

    def __init__(self, reply):
        self.errno = reply.get("errno")
        self.message = _joined(reply.get("message", ""))
        self.path = _joined(reply.get("path", ""))
        super().__init__(f"errno {self.errno} at '{self.path}': {self.message}")


def _joined(text):
    return "".join(text) if isinstance(text, list) else text


class Client:
    """One connection. Not for two threads at a time."""

    def __init__(self, path, timeout=30.0):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(timeout)
        try:
            self.socket.connect(path)
            self.banner = self._receive()
        except OSError:
            self.socket.close()
            raise

    def close(self):
        self.socket.close()

    def _receive(self):
        data = self.socket.recv(MAX_REPLY + 1)
        if not data:
            raise ConnectionError("the switch closed the connection")
        return json.loads(data)

    def raw(self, request):
        """Sends bytes as they are; returns the whole reply."""
        self.socket.send(request)
        return self._receive()

    def ask(self, command, parameters=None):
        """The answer, errors included. None: no such command."""
        request = command
        if parameters is not None:
            request += "," + (parameters if isinstance(parameters, str) else compact(parameters))
        data = request.encode()
        if len(data) >= MAX_REQUEST:
            raise ValueError(f"a request of {len(data)} bytes; use submit()")
        return self.raw(data)[command]

    def call(self, command, parameters=None):
        """The answer; Refused when it is an error."""
        reply = self.ask(command, parameters)
        if not isinstance(reply, dict):
            raise Refused({"errno": None, "message": f"{command}: no such command"})
        if reply.get("status") != "ok":
            raise Refused(reply)
        return reply

    def submit(self, operation, document):
        """Load, patch or check a document of any size through the socket."""
        text = document if isinstance(document, str) else compact(document)
        ident = self.call("/weir/config/begin", {"op": operation})["id"]
        offset = 0
        while offset < len(text):
            piece = text[offset:offset + 800]
            while len(compact({"id": ident, "offset": offset, "data": piece})) > 960:
                piece = piece[:len(piece) * 3 // 4]
            self.call("/weir/config/put", {"id": ident, "offset": offset, "data": piece})
            offset += len(piece)
        return self.call("/weir/config/commit", {"id": ident})

    def patch(self, change):
        text = compact(change)
        if len(text) < 990:
            return self.call("/weir/config/patch", text)
        return self.submit("patch", text)

    def show(self, pointer=""):
        """The committed document, or a part of it, as an object."""
        text, cursor, version = "", 0, None
        while cursor is not None:
            question = {"pointer": pointer, "cursor": cursor}
            if version is not None:
                question["version"] = version
            reply = self.call("/weir/config/show", question)
            text += "".join(reply["text"])
            version, cursor = reply["version"], reply.get("next")
        return json.loads(text)

    def listing(self, command, parameters=None):
        """All pages of a columnar listing, as a list of rows."""
        rows, cursor = [], 0
        while cursor is not None:
            reply = self.call(command, dict(parameters or {}, cursor=cursor) if cursor else parameters)
            columns = {key: value for key, value in reply.items() if isinstance(value, list)}
            rows += [dict(zip(columns, values)) for values in zip(*columns.values())]
            cursor = reply.get("next")
        return rows


def compact(value):
    return json.dumps(value, separators=(",", ":"))
