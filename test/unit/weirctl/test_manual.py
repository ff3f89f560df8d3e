#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The manual names everything that the source has: `test_manual.py TOP`."""
import glob
import os
import re
import sys
import unittest

TOP = sys.argv.pop(1)


def read(*names):
    text = ""
    for name in names:
        for path in sorted(glob.glob(os.path.join(TOP, name))):
            with open(path) as f:
                text += f.read()
    return text


class Manual(unittest.TestCase):
    def expect(self, page, words):
        self.assertTrue(words)
        text = read(page)
        # -word or a macro's argument, as a whole
        missing = [w for w in words if not re.search(r"(?<![\w/])%s(?![\w])" % re.escape(w), text)]
        self.assertEqual(missing, [], "not in " + page)

    def test_drop_reasons(self):
        self.expect("app/weir/weir.8", re.findall(r'R\(\w+,\s*"(\w+)"', read("lib/stats/weir_reason.h")))

    def test_telemetry_commands(self):
        self.expect("app/weir/weir.8", re.findall(r'\{"(/weir/[\w/]+)", command', read("lib/ctl/telemetry.c")))

    def test_options(self):
        self.expect("app/weir/weir.8", re.findall(r'\{"([\w-]+)", (?:required|no)_argument', read("app/weir/args.c")))
        self.expect("app/weirctl/weirctl.8",
                    re.findall(r'\{"([\w-]+)", (?:required|no)_argument', read("app/weirctl/main.c")))

    def test_weirctl_commands(self):
        self.expect("app/weirctl/weirctl.8", re.findall(r'\{"(\w+)", command_', read("app/weirctl/main.c")))

    def test_keys_of_the_document(self):
        self.expect("lib/ctl/weir.json.5", re.findall(r'\.key = "(\w+)", \.read', read("lib/ctl/validate*.c")))


if __name__ == "__main__":
    unittest.main()
