"""The ledger: what producers, tasks and workers write down themselves, at the moment it happens.

It owes nothing to Celery's events or results, so a monitor that lives on those can be measured against it. Every process
appends JSON lines to a file of its own in one folder. A line is one `write` to a file opened with O_APPEND, so what was
written before a process is killed stays written. Times are epoch milliseconds.

| record   | written by                | when                                                              |
|----------|---------------------------|-------------------------------------------------------------------|
| `sent`   | whoever publishes         | just before the message goes out, retries and children too        |
| `plan`   | the producer              | before it sends a canvas: which id follows which, and on what     |
| `begin`  | the task                  | first thing inside the task                                       |
| `state`  | the task                  | before it stores a state of its own                               |
| `dying`  | the task                  | just before it kills its own process                              |
| `end`    | the task                  | last thing inside the task: how the function was left             |
| `note`   | a worker's main process   | it dropped a task, or found it dead                               |
| `act`    | producer or supervisor    | just before it revokes, terminates or kills                       |
| `worker` | a worker or the supervisor| ready, killed, stopped                                            |
"""

import json
import os
import time
from pathlib import Path

FOLDER_VARIABLE = "FLEET_LEDGER"


def now():
    return round(time.time() * 1000, 3)


class Ledger:
    """Appends to the file of the current process. Safe to use across fork and between threads."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._pid = None
        self._file = -1

    def write(self, record, **fields):
        line = json.dumps({"record": record, "at": now(), "pid": os.getpid(), **fields}) + "\n"
        os.write(self._descriptor(), line.encode())

    def _descriptor(self):
        if self._pid != os.getpid():
            path = self.folder / f"{os.getpid()}-{time.time_ns()}.jsonl"
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            self._pid = os.getpid()
        return self._file


class Reader:
    """Reads a ledger while it grows: each call of `more` returns the records that are new."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self._offsets = {}

    def more(self):
        records = []
        for path in sorted(self.folder.glob("*.jsonl")):
            offset = self._offsets.get(path, 0)
            if path.stat().st_size == offset:
                continue
            with path.open("rb") as file:
                file.seek(offset)
                data = file.read()
            whole = data.rfind(b"\n") + 1
            self._offsets[path] = offset + whole
            records += [json.loads(line) for line in data[:whole].splitlines()]
        return records


def from_environment():
    """The ledger of this process, or None where nobody wants one."""
    folder = os.environ.get(FOLDER_VARIABLE)
    return Ledger(folder) if folder else None
