"""Sends single tasks as a producer of the application does, and prints their ids as one line of JSON.

    python send.py JSON       [{"name": "fleet.add", "args": [1, 2], "kwargs": {}, "queue": "math", "options": {…}}, …]

`options` go to `send_task`: countdown, expires, priority, ignore_result … Broker and ledger come from the environment (see app.py).
"""

import json
import sys

from app import app


def main():
    ids = [
        app.send_task(one["name"], one.get("args"), one.get("kwargs"), queue=one["queue"], **one.get("options", {})).id
        for one in json.loads(sys.argv[1])
    ]
    print(json.dumps(ids), flush=True)


if __name__ == "__main__":
    main()
