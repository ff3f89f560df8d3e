#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""weirctl against a made-up server: `test_client.py WEIRCTL`."""
import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import tempfile
import termios
import unittest

from fake import Fake

WEIRCTL = sys.argv.pop(1)


class Client(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.env = {**os.environ, "RUNTIME_DIRECTORY": self.folder.name}
        self.server = Fake(self.folder.name)

    def tearDown(self):
        self.folder.cleanup()

    def run_it(self, *args, **kwargs):
        return subprocess.run([WEIRCTL, *args], env=self.env, capture_output=True, text=True, timeout=30, **kwargs)

    def ok(self, *args, **kwargs):
        done = self.run_it(*args, **kwargs)
        self.assertEqual((done.returncode, done.stderr), (0, ""), args)
        return done.stdout

    def fails(self, status, words, *args, **kwargs):
        done = self.run_it(*args, **kwargs)
        self.assertEqual(done.returncode, status, done)
        self.assertIn(words, done.stderr)
        self.assertTrue(done.stderr.startswith("weirctl: "), done.stderr)
        return done

    def write(self, text):
        path = os.path.join(self.folder.name, "document")
        with open(path, "wb") as f:
            f.write(text)
        return path

    def test_every_listing_in_both_forms(self):
        for args in (["status"], ["info"], ["ports"], ["neigh"], ["workers"], ["stats"], ["stats", "vport"],
                     ["stats", "tenant", "red"], ["stats", "port", "up0"], ["macs"], ["macs", "red"], ["flows"],
                     ["flows", "red"], ["drops"], ["drops", "red"], ["conservation"], ["conservation", "red"],
                     ["show"], ["show", "/tenants/red"], ["top", "--count", "1", "--interval", "0.1"]):
            self.assertIn("\n", self.ok(*args))
            self.assertIsInstance(json.loads(self.ok(*args, "--json")), dict)

    def test_pages_are_followed_to_the_end(self):
        self.assertEqual(len(json.loads(self.ok("flows", "--json"))["flows"]), 5)
        self.assertEqual(len(self.ok("flows").splitlines()), 6)
        self.assertIn(b'/weir/flow/list,{"cursor":4}', self.server.requests)
        self.assertEqual([v["name"] for v in json.loads(self.ok("--json", "stats", "vport"))["vports"]],
                         ["red/vm1", "blue/vm1", "blue/vm2"])

    def test_receipts(self):
        rows = json.loads(self.ok("--json", "receipts", "red"))["receipts"]
        self.assertEqual([10**12 - row["at_ns"] for row in rows], [i * 10**9 for i in range(6, -1, -1)])
        lines = self.ok("receipts", "red", "--last", "2").splitlines()
        self.assertEqual(len(lines), 3)
        self.assertEqual(lines[1].split(), ["1.0s", "1.5Mbps", "2.00M", "1.00M", "-", "2.00M", "1.00M", "-", "12.3%"])
        self.assertEqual(lines[2].split()[4], "own_limit")
        self.fails(1, "no tenant", "receipts", "green")
        self.assertRegex(self.ok("stats", "tenant", "red"), r"to_uplink_why +2 +cpu")

    def test_traces(self):
        packet = "tcp 10.0.0.5:1 > 10.0.0.6:2 syn"
        lines = self.ok("trace", "red/vm1", packet).splitlines()
        self.assertEqual(lines[0], packet)
        self.assertEqual(lines[1].split(), ["ELEMENT", "WHAT", "IT", "DOES"])
        self.assertEqual(lines[2:], ["vport red/vm1  enters switch red/lan",
                                     "router red/r1  route 10.0.0.0/8 via 10.0.1.7", "=> forwarded by vport red/vm2"])
        self.assertEqual(self.ok("trace", "red/vm1", *packet.split()).splitlines(), lines)
        self.assertEqual(self.server.requests[-1], b'/weir/trace,{"from":"red/vm1","packet":"%s"}' % packet.encode())
        self.ok("trace", "red/vm1", "hex", "0011", "2233")
        self.assertEqual(self.server.requests[-1], b'/weir/trace,{"from":"red/vm1","hex":"0011 2233"}')
        self.assertEqual(json.loads(self.ok("--json", "trace", "red/vm1", packet))["reason"], "")
        self.fails(1, "/from: is neither", "trace", "red/vm9", packet)
        self.fails(2, "usage: weirctl trace", "trace", "red/vm1")
        self.fails(1, "at most", "trace", "red/vm1", "x" * 1000)

    def test_what_was_lost(self):
        lines = self.ok("explain", "red").splitlines()
        self.assertEqual([line.split()[0] for line in lines], ["DROP", "7", "6"])
        self.assertTrue(lines[2].endswith("udp 10.0.0.1:1 > 10.0.0.2:2 len 1500"), lines[2])
        self.assertEqual(len(json.loads(self.ok("--json", "explain", "red"))["explain"]), 2)
        lines = self.ok("explain", "red", "7").splitlines()
        self.assertEqual(lines[0], "drop 7 at vport red/vm1, as denied: no rule")
        self.assertIn("=> forwarded by vport red/vm2", lines)
        self.assertIn("not what became of it then", lines[-1])
        self.assertIn("... and more than there is room for", lines)
        self.assertEqual(json.loads(self.ok("--json", "explain", "red", "7"))["was"], "denied")
        self.fails(1, "/drop: drop is not kept", "explain", "red", "8")
        self.fails(1, "no tenant", "explain", "green")
        self.fails(2, "not the number of a drop", "explain", "red", "seven")

    def test_numbers_are_exact(self):
        self.assertIn("18446744073709551615", self.ok("stats", "port", "up0"))
        self.assertEqual(json.loads(self.ok("stats", "port", "up0", "--json"))["rx_packets"], 2**64 - 1)

    def test_what_a_worker_took_from_others_counts_as_negative(self):
        self.assertRegex(self.ok("conservation"), r"(?m)^worker_0 .* -3 +0$")

    def test_a_document_arrives_as_it_is(self):
        for document in (b'{}', b'{ "a"\t:\r\n "\\u0041\\"\\\\" }\n', b'{"x":"' + bytes(range(0x20, 0x22)) + b'\xc3\xa9"}',
                         b'{"long":"' + b'"\\'[1:] * 2 + b'n' * 5000 + b'"}', b"[" + b'"\\n",' * 3000 + b"1]"):
            self.ok("apply", self.write(document))
            self.assertEqual(self.server.document, document)
            self.assertLessEqual(max(map(len, self.server.requests)), 1022)
        self.ok("apply", "-", input='{"from":"stdin"}')
        self.assertEqual(self.server.document, b'{"from":"stdin"}')

    def test_show_gives_back_what_was_applied(self):
        document = json.dumps({"tenants": {"t%d" % i: {"limit": "1Gbps"} for i in range(100)}})
        self.ok("apply", "-", input=document)
        self.assertEqual(json.loads(self.ok("show")), json.loads(document))
        self.assertEqual(self.ok("show", "--json"), document + "\n")

    def test_a_change_between_pages_starts_again(self):
        document = '{"a":"' + "x" * 1000 + '"}'
        self.ok("apply", "-", input=document)
        self.server.stale = 3
        self.assertEqual(self.ok("show", "--json"), document + "\n")
        self.server.stale = 1000
        self.fails(1, "the configuration has changed", "show")

    def test_refusals_name_the_path_and_the_whole_message(self):
        done = self.fails(1, "weirctl: /tenants/red/limit: more than very very", "apply", self.write(b'{"bad":1}'), "--json")
        self.assertTrue(done.stderr.endswith("very much\n"))
        self.assertEqual(json.loads(done.stdout)["path"], "/tenants/red/limit")
        self.assertEqual(json.loads(done.stdout)["errno"], 34)
        self.fails(1, "there is no tenant x", "stats", "tenant", "x")
        self.fails(1, "No such file", "apply", "/nonexistent/file")
        self.fails(1, "NUL byte", "apply", self.write(b'{"a":1}\0'))
        self.fails(1, "at most 1022 bytes", "drops", "x" * 2000)

    def test_an_upload_that_fails_is_aborted(self):
        self.server.weir_config_put = lambda params: {"status": "error", "errno": 12, "message": "full", "path": ""}
        self.fails(1, "full", "apply", self.write(b"{}"))
        self.assertEqual(self.server.aborted, [7])

    def test_patch(self):
        self.ok("patch", '{"tenants":{"red":null}}')
        self.assertEqual(self.server.patched, b'{"tenants":{"red":null}}')
        self.ok("patch", "-f", self.write(b'{"b":1}'))
        self.assertEqual(self.server.patched, b'{"b":1}')
        self.fails(2, "a document or -f FILE", "patch")
        self.fails(2, "a document or -f FILE", "patch", "{}", "-f", "x")

    def test_diff_and_check_change_nothing(self):
        path = self.write(b'{"tenants":{"red":{"limit":"20Mbps"},"green":{}}}')
        out = self.ok("diff", path)
        self.assertIn('- /tenants/blue: {}\n+ /tenants/green: {}\n~ /tenants/red/limit: "10Mbps" -> "20Mbps"\n', out)
        self.assertIn("interrupted: nic1", out)
        self.assertEqual(len(json.loads(self.ok("diff", path, "--json"))["changes"]), 3)
        self.assertIn("correct", self.ok("check", path))
        self.assertEqual(self.server.version, 1)

    def test_usage(self):
        for words, args in (("there is no command", ["nonsense"]), ("--nonsense", ["--nonsense", "status"]),
                            ("--nonsense", ["status", "--nonsense"]), ("usage: weirctl apply", ["apply"]),
                            ("usage: weirctl show", ["show", "a", "b"]), ("--count", ["top", "--count", "0"]),
                            ("--count", ["status", "--count", "1"]), ("--last", ["receipts", "red", "--last", "x"]),
                            ("--last", ["flows", "--last", "1"]), ("usage: weirctl receipts", ["receipts"]), ("--interval", ["top", "--interval", "x"]),
                            ("stats knows", ["stats", "nonsense"])):
            self.fails(2, words, *args)
        self.assertEqual(self.run_it().returncode, 2)
        self.assertIn("conservation", self.ok("--help"))

    def test_no_switch(self):
        self.fails(3, "no weir answers", "-f", "other", "status")
        Fake(self.folder.name, "full", greet=False)
        self.fails(3, "ten clients", "status", "-f", "full")
        self.server.weir_info = None
        self.fails(3, "not weir, or not ready", "info")

    def test_top_takes_the_terminal_and_gives_it_back(self):
        main, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        with subprocess.Popen([WEIRCTL, "top", "--interval", "0.1"], env=self.env, stdin=terminal, stdout=terminal,
                              stderr=terminal) as process:
            os.close(terminal)
            out = b""
            while out.count(b"tenant_limit") < 3:
                out += os.read(main, 4096)
            os.write(main, b"q")
            try:
                while more := os.read(main, 4096):
                    out += more
            except OSError:
                pass
            self.assertEqual(process.wait(10), 0)
        os.close(main)
        self.assertLess(out.index(b"\033[?1049h"), out.index(b"TENANT"))
        self.assertIn(b"TENANT", out[out.index(b"\033[?1049l"):])


if __name__ == "__main__":
    unittest.main()
