"""A Celery client for tests: one JSON line with Python on stdin, one with what it evaluates to on stdout. See lib/testing/python-client.ts.

The last expression of the code is its value; an exception is told by class, module, arguments and repr.
"""

import ast
import json
import sys
import time
import uuid

from celery import chain, chord, group
from celery.result import AsyncResult, GroupResult
from kombu.utils.json import dumps

import sums
from sums import *  # noqa: F403
from told import built

NAMES = {**vars(sums), "chain": chain, "chord": chord, "group": group, "time": time, "uuid": uuid, "json": json, "built": built, "AsyncResult": AsyncResult, "GroupResult": GroupResult}


def evaluate(code):
    tree = ast.parse(code)
    names = dict(NAMES)
    last = tree.body.pop()
    exec(compile(ast.Module(tree.body, []), "<test>", "exec"), names)
    if isinstance(last, ast.Expr):
        return eval(compile(ast.Expression(last.value), "<test>", "eval"), names)
    exec(compile(ast.Module([last], []), "<test>", "exec"), names)


def described(error):
    return {"type": type(error).__qualname__, "module": type(error).__module__, "args": [str(arg) for arg in error.args], "repr": repr(error)}


for line in sys.stdin:
    asked = json.loads(line)
    try:
        answer = {"ok": evaluate(asked["code"])}
    except Exception as error:
        answer = {"error": described(error)}
    print(dumps({"id": asked["id"], **answer}, default=repr), flush=True)
