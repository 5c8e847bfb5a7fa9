"""Starts and stops the workers that are judged; they die with this process."""

import ctypes
import os
import signal
import subprocess
import sys
import time

PR_SET_PDEATHSIG = 1
STOP_SECONDS = 15
READY_SECONDS = 40


def die_with_parent():
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Worker:
    """`command` is what comes before the options: `python -m celery -A app worker`, or the same of the other worker."""

    def __init__(self, command, node, concurrency, folder, queues, events, more):
        self.node = node
        self.log = os.path.join(folder, f"{node}.log")
        options = ["-n", node, "-Q", queues, "-c", str(concurrency), "-l", "INFO", *(["-E"] if events else []), *more]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*command, *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "C_FORCE_ROOT": "true", "PYTHONDONTWRITEBYTECODE": "1"},
                preexec_fn=die_with_parent,
                start_new_session=True,
            )

    def wait_until_ready(self, app):
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.node} ended with {self.process.returncode}:\n{self.last_words()}")
            if app.control.ping(destination=[self.node], timeout=0.5):
                return
        raise RuntimeError(f"{self.node} does not answer:\n{self.last_words()}")

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, seconds=STOP_SECONDS):
        """The exit code, or None when it does not stop."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            if self.wait() is None:
                print(f"{self.node} does not stop", file=sys.stderr)
        self.kill()

    def kill(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()

    def last_words(self):
        with open(self.log, "rb") as log:
            return log.read()[-3_000:].decode(errors="replace")
