"""What ends or changes a worker: each case has its own."""

import json
import signal
import time

from app import add, app, hold, late, trace
from case import case
from normal import Masks, reply


def alone(name):
    return case(f"worker: {name}", world="alone")


def of_node(client, node):
    return Masks()([one for one in client.listener.by_node[node] if one["type"] != "worker-heartbeat"])


@alone("comes and goes")
def _(client):
    worker = client.start_worker("guest@conformance")
    worker.signal(signal.SIGTERM)
    code = worker.wait()
    client.listener.wait_for(lambda: any(one["type"] == "worker-offline" for one in client.listener.by_node["guest@conformance"]), 3)
    bound = [one for one in client.broker.smembers("_kombu.binding.celery.pidbox") if "guest" in one]
    return {"code": code, "events": of_node(client, "guest@conformance"), "bound": bound}


@alone("shutdown by remote control")
def _(client):
    worker = client.start_worker("told@conformance")
    answer = app.control.broadcast("shutdown", destination=["told@conformance"], reply=True, timeout=1)
    return {"reply": answer, "code": worker.wait()}


@alone("warm shutdown lets tasks finish")
def _(client):
    worker = client.start_worker("warm@conformance")
    gate = client.gate()
    result = hold.delay(gate, "finished")
    client.held(gate)
    worker.signal(signal.SIGTERM)
    time.sleep(0.5)
    alive = worker.process.poll() is None
    client.open(gate)
    return {"alive": alive, "code": worker.wait(), "value": client.value(result, 3)}


@alone("warm shutdown gives back what it holds")
def _(client):
    worker = client.start_worker("giver@conformance")
    results = [add.apply_async((number, 1), countdown=600) for number in range(2)]
    for result in results:
        client.heard(result.id, "task-received")
    worker.signal(signal.SIGTERM)
    code = worker.wait()
    messages = [json.loads(one) for one in client.broker.lrange("celery", 0, -1)]
    client.broker.delete("celery")
    marks = [[one["headers"].get("redelivered"), one["properties"]["delivery_info"]] for one in messages]
    return {"code": code, "given back": marks, "held": client.broker.hlen("unacked")}


@alone("cold shutdown of a task acknowledged late")
def _(client):
    worker = client.start_worker("cold@conformance")
    gate = client.gate()
    result = hold.apply_async((gate,), queue="celery")
    client.held(gate)
    worker.signal(signal.SIGQUIT)
    code = worker.wait()
    client.open(gate)
    return {"stopped": code is not None, "kept": client.stored(result.id), "waiting": client.broker.llen("celery")}


@alone("a killed worker leaves what it held")
def _(client):
    worker = client.start_worker("killed@conformance")
    result = late.apply_async((1,), countdown=600)
    client.heard(result.id, "task-received")
    worker.kill()
    held = [json.loads(one) for one in client.broker.hvals("unacked")]
    scores = client.broker.zrange("unacked_index", 0, -1, withscores=True)
    client.broker.delete("unacked", "unacked_index")
    shape = [[len(one), one[0]["headers"]["id"] == result.id, one[1], one[2]] for one in held]
    return {"held": shape, "scores": [abs(score - time.time()) < 30 for _, score in scores]}


@alone("a newcomer learns what was revoked")
def _(client):
    client.start_worker("elder@conformance")
    task_id = client.new_id()
    app.control.revoke(task_id)
    newcomer = client.start_worker("younger@conformance")
    known = client.ask_plainly("revoked", destination="younger@conformance")
    app.control.broadcast("shutdown", destination=["elder@conformance", "younger@conformance"])
    newcomer.wait()
    return task_id in known


@alone("autoscale")
def _(client):
    worker = client.start_worker("scaled@conformance", more=["--autoscale", "4,1"])
    node = "scaled@conformance"
    before = client.ask("stats", destination=node).get("autoscaler")
    changed = client.ask("autoscale", destination=node, max=3, min=2)
    grow = client.ask("pool_grow", destination=node, n=1)
    worker.signal(signal.SIGTERM)
    worker.wait()
    return {"before": reply(before), "changed": changed, "grow": grow}


@alone("without events until they are enabled")
def _(client):
    worker = client.start_worker("silent@conformance", events=False)
    node = "silent@conformance"
    first = trace.delay("unheard")
    first.get(timeout=10)
    heard_before = client.heard(first.id, "task-succeeded", 1)
    answers = [client.ask("enable_events", destination=node) for _ in range(2)]
    second = trace.delay("heard")
    heard_after = client.heard(second.id, "task-succeeded", 5)
    answers += [client.ask("disable_events", destination=node) for _ in range(2)]
    third = trace.delay("unheard again")
    third.get(timeout=10)
    heard_again = client.heard(third.id, "task-succeeded", 1)
    worker.signal(signal.SIGTERM)
    worker.wait()
    return {"heard": [heard_before, heard_after, heard_again], "answers": answers}
