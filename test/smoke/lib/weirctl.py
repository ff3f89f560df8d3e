# SPDX-License-Identifier: BSD-3-Clause
"""weirctl as an operator runs it."""
import os

from . import shell


class Weirctl:
    def __init__(self, t, weir):
        self.t, self.weir = t, weir
        self.program = os.path.join(t.build, "app/weirctl/weirctl")

    def run(self, *args, prefix=None):
        return shell.attempt(self.program, "-f", prefix or self.weir.prefix, *args)

    def expect(self, status, *args, text="", prefix=None):
        """Checks the exit status, and that `text` is in what it printed."""
        done = self.run(*args, prefix=prefix)
        said = done.stdout + done.stderr
        self.t.check(f"weirctl {' '.join(args)}", done.returncode == status and text in said,
                     (done.returncode, said[-400:]))
        return done.stdout
