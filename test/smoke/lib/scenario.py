# SPDX-License-Identifier: BSD-3-Clause
"""What a scenario is given: namespaces and switches that go when it ends, and somewhere to put its findings."""
import contextlib
import os
import threading
import time

from .net import Netns
from .telemetry import Refused
from .weir import Weir


class Unmet(Exception):
    """The rest of the scenario makes no sense without this."""


class Scenario:
    def __init__(self, name, build, folder):
        self.name, self.build, self.folder = name, build, folder
        self.unique = f"weir{os.getpid()}"
        self.passed, self.failed, self.notes = 0, [], []
        self.cleanup = contextlib.ExitStack()
        self.namespaces = self.switches = 0

    # ---- findings ----

    def check(self, what, good, detail=""):
        """Counts one test."""
        if good:
            self.passed += 1
        else:
            self.failed.append(f"{what}: {detail}" if detail != "" else what)
        return bool(good)

    def note(self, text):
        """A figure for who reads the results."""
        self.notes.append(text)

    def equal(self, what, got, wanted):
        return self.check(what, got == wanted, f"{got!r} instead of {wanted!r}")

    def within(self, what, got, low, high):
        return self.check(what, low <= got <= high, f"{got:.6g} is not within {low:.6g} .. {high:.6g}")

    def steady(self, what, measure, low, high, attempts=4):
        """
        A rate that a busy machine may spoil downwards, but nothing may raise: `high` holds each time, `low` once.
        Returns it.
        """
        for _ in range(attempts):
            got = measure()
            if got >= low:
                break
        self.within(what, got, low, high)
        return got

    def refused(self, what, call, errno=None, path=None, text=None):
        """`call` has to be refused, with this errno, path and part of its message where given."""
        try:
            reply = call()
        except Refused as refusal:
            good = (errno in (None, refusal.errno) and path in (None, refusal.path)
                    and (text is None or text in refusal.message))
            return self.check(what, good, f"refused, but with {refusal}")
        return self.check(what, False, f"accepted: {reply!r:.200}")

    def require(self, what, good, detail=""):
        if not self.check(what, good, detail):
            raise Unmet(what)

    # ---- things ----

    def netns(self, name):
        self.namespaces += 1
        ns = Netns(f"{self.unique}-{self.namespaces}-{name}")
        self.cleanup.callback(ns.remove)
        return ns

    def weir(self, ns=None, **params):
        self.switches += 1
        folder = os.path.join(self.folder, f"weir{self.switches}")
        os.makedirs(folder)
        weir = Weir(self.build, ns, f"{self.unique}-{self.name}-{self.switches}", folder, **params)
        self.cleanup.callback(weir.close)
        return weir

    def enter(self, context):
        return self.cleanup.enter_context(context)

    @contextlib.contextmanager
    def balanced(self, weir, every=0.1):
        """While inside, asks for the conservation terms again and again: the balance is 0 each time."""
        wrong, asked, done = [], [0], threading.Event()

        def watch():
            client = weir.connect()
            while not done.is_set():
                reply = client.call("/weir/conservation")
                asked[0] += 1
                if reply["balance"] != 0:
                    wrong.append(reply)
                time.sleep(every)
            client.close()

        thread = threading.Thread(target=watch)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()
            self.check(f"balance 0 in {asked[0]} looks", asked[0] and not wrong, wrong[:1])
