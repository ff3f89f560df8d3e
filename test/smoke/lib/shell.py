# SPDX-License-Identifier: BSD-3-Clause
"""Programs and waiting."""
import contextlib
import os
import subprocess
import time

# Workers poll on the last core; what the tests run shares the others with weir's control thread.
CPUS = sorted(os.sched_getaffinity(0))
WORKER_CPU = CPUS[-1]
OTHER_CPUS = CPUS[:-1] or CPUS


class CommandError(Exception):
    """A program failed or did not end in time; the text says which, and what it printed."""


def run(*argv, timeout=30, stdin=None):
    """Runs a program to its end, and returns what it printed."""
    done = attempt(*argv, timeout=timeout, stdin=stdin)
    if done.returncode != 0:
        raise CommandError(f"{' '.join(argv)}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def attempt(*argv, timeout=30, stdin=None):
    """Runs a program that may fail; returns its exit status and output."""
    try:
        return subprocess.run(argv, input=stdin, stdin=subprocess.DEVNULL if stdin is None else None,
                              capture_output=True, text=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired as late:
        raise CommandError(f"{' '.join(argv)}: not done after {timeout} s") from late


def wait_until(what, condition, timeout=10.0, every=0.01):
    """Returns the first true value of condition(); raises TimeoutError naming `what`."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {timeout:g} s still not: {what}")
        time.sleep(every)


def put_first(process):
    """A process started in a session of its own goes ahead of what else this machine does, as far as it may."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, process.pid, -20)
    with contextlib.suppress(OSError), open(f"/proc/{process.pid}/autogroup", "w", encoding="ascii") as file:
        file.write("-20")


def end(process, timeout=5.0):
    """Ends a process of ours, whatever state it is in."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
