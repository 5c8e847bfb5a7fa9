"""Revokes, time limits, lost processes, late acknowledgement; in a world with `result_extended`."""

import time

from celery import chain, chord, group

from app import add, app, die, hard, hold, late, late_die, late_die_once, late_hard, nap, on_error, soft, trace
from case import case


def revoked_waiting(client, result, **options):
    """Revokes a task that its worker holds until its time comes."""
    client.heard(result.id, "task-received")
    app.control.revoke(result.id, **options)


@case("revokes: before it is sent", world="hard")
def _(client):
    task_id = client.new_id()
    app.control.revoke(task_id)
    client.state_heard(task_id, "REVOKED")
    return client.run(add.apply_async((1, 2), task_id=task_id))


@case("revokes: before it is sent, with a reply", world="hard")
def _(client):
    task_id = client.new_id()
    replies = app.control.revoke(task_id, destination=[client.node], reply=True)
    return [str(one).replace(task_id, "<1>") for one in replies]


@case("revokes: while its time has not come", world="hard")
def _(client):
    result = add.apply_async((1, 2), countdown=3)
    revoked_waiting(client, result)
    return client.run(result)


@case("revokes: through the result", world="hard")
def _(client):
    result = add.apply_async((1, 2), countdown=3)
    client.heard(result.id, "task-received")
    result.revoke()
    return client.run(result)


@case("revokes: a list", world="hard")
def _(client):
    results = [add.apply_async((1, 2), countdown=3) for _ in range(2)]
    for result in results:
        client.heard(result.id, "task-received")
    app.control.revoke([result.id for result in results])
    return [client.run(result) for result in results]


@case("revokes: of a running task without terminate", world="hard")
def _(client):
    gate = client.gate()
    result = hold.delay(gate, "finished")
    client.held(gate)
    app.control.revoke(result.id)
    time.sleep(0.3)
    client.open(gate)
    return client.run(result)


@case("revokes: of a finished task", world="hard")
def _(client):
    result = add.delay(1, 2)
    client.run(result)
    app.control.revoke(result.id)
    time.sleep(0.3)
    return {"kept": client.stored(result.id), "state": result.state}


@case("revokes: terminate", world="hard")
def _(client):
    gate = client.gate()
    result = hold.delay(gate)
    client.held(gate)
    replies = app.control.revoke(result.id, terminate=True, signal="SIGKILL", destination=[client.node], reply=True)
    return {"replies": [str(one).replace(result.id, "<1>") for one in replies], **client.run(result)}


@case("revokes: terminate by name of the signal without SIG", world="hard")
def _(client):
    gate = client.gate()
    result = hold.delay(gate)
    client.held(gate)
    app.control.terminate(result.id, signal="KILL")
    return client.run(result)


@case("revokes: terminate through the result", world="hard")
def _(client):
    gate = client.gate()
    result = hold.delay(gate)
    client.held(gate)
    result.revoke(terminate=True)
    return client.run(result)


@case("revokes: terminate an unknown task", world="hard")
def _(client):
    replies = app.control.terminate("nobody", destination=[client.node], reply=True)
    return replies


@case("revokes: terminate with a signal that is none", world="hard")
def _(client):
    return app.control.terminate("nobody", signal="sigterm", destination=[client.node], reply=True)


@case("revokes: by stamped headers", world="hard")
def _(client):
    tenant = f"tenant {client.new_id()}"
    task = add.s(1, 2)
    task.stamp(tenant=tenant)
    result = task.apply_async(countdown=3)
    client.heard(result.id, "task-received")
    replies = app.control.revoke_by_stamped_headers({"tenant": [tenant]}, destination=[client.node], reply=True)
    return {"replies": [client.value_text(str(one)).replace(tenant, "<tenant>") for one in replies], **client.run(result)}


@case("revokes: by stamped headers, terminate", world="hard")
def _(client):
    tenant, gate = f"tenant {client.new_id()}", client.gate()
    task = hold.s(gate)
    task.stamp(tenant=tenant)
    result = task.apply_async()
    client.held(gate)
    app.control.revoke_by_stamped_headers({"tenant": [tenant]}, terminate=True, signal="SIGKILL")
    return client.run(result)


@case("revokes: by stamped headers that nobody has", world="hard")
def _(client):
    replies = app.control.revoke_by_stamped_headers({"nobody": ["has"]}, destination=[client.node], reply=True)
    return replies


@case("revokes: a step of a chain", world="hard")
def _(client):
    last = client.new_id()
    steps = chain(trace.s("a"), trace.s("b").set(task_id=last, countdown=3), trace.s("c"))
    result = steps.apply_async()
    client.heard(last, "task-received")
    app.control.revoke(last)
    return client.run(result, wait=6)


@case("revokes: a member of a chord", world="hard")
def _(client):
    member = client.new_id()
    result = chord([trace.s("a"), trace.s("b").set(task_id=member, countdown=3)], trace.s("body")).apply_async()
    client.heard(member, "task-received")
    app.control.revoke(member)
    return client.run(result)


@case("revokes: a group through its result", world="hard")
def _(client):
    result = group(add.s(1, 1).set(countdown=3), add.s(2, 2).set(countdown=3)).apply_async()
    for member in result.results:
        client.heard(member.id, "task-received")
    result.revoke()
    return client.run(result)


@case("revokes: the errback is not called", world="hard")
def _(client):
    result = add.apply_async((1, 2), countdown=3, link_error=on_error.s())
    revoked_waiting(client, result)
    return client.run(result)


# Time limits


@case("limits: soft", world="hard")
def _(client):
    return client.run(soft.delay())


@case("limits: soft, caught", world="hard")
def _(client):
    return client.run(soft.delay(True))


@case("limits: hard", world="hard")
def _(client):
    return client.run(hard.delay())


@case("limits: hard, with an errback", world="hard")
def _(client):
    return client.run(hard.apply_async(link_error=on_error.s()), at_least=2)


@case("limits: hard, in a chain", world="hard")
def _(client):
    return client.run(chain(hard.si(), trace.s("after")).apply_async())


@case("limits: hard, in a chord", world="hard")
def _(client):
    return client.run(chord([hard.si(), trace.s("b")], trace.s("body")).apply_async())


@case("limits: hard, acknowledged late", world="hard")
def _(client):
    return client.run(late_hard.delay())


@case("limits: of the call", world="hard")
def _(client):
    return client.run(nap.apply_async((8,), time_limit=0.6))


@case("limits: soft of the call", world="hard")
def _(client):
    return client.run(nap.apply_async((8,), soft_time_limit=0.4, time_limit=6))


@case("limits: in time", world="hard")
def _(client):
    return client.run(nap.apply_async((0.1, "in time"), soft_time_limit=5, time_limit=6))


# Lost processes


@case("lost: its process is killed", world="lost")
def _(client):
    return client.run(die.delay())


@case("lost: acknowledged late", world="lost")
def _(client):
    return client.run(late_die.delay())


@case("lost: delivered again", world="lost")
def _(client):
    return client.run(late_die_once.delay())


@case("lost: with an errback", world="lost")
def _(client):
    return client.run(die.apply_async(link_error=on_error.s()), at_least=2)


@case("lost: in a chord", world="lost")
def _(client):
    return client.run(chord([die.si(), trace.s("b")], trace.s("body")).apply_async())


# Acknowledgement


def is_held(client, task_id):
    return any(task_id in one for one in client.broker.hvals("unacked"))


@case("acknowledged: early", world="hard")
def _(client):
    gate = client.gate()
    result = hold.delay(gate)
    client.held(gate)
    time.sleep(0.1)
    seen = is_held(client, result.id)
    client.open(gate)
    client.run(result)
    return [seen, is_held(client, result.id)]


@case("acknowledged: while its time has not come", world="hard")
def _(client):
    result = late.apply_async((1,), countdown=3)
    client.heard(result.id, "task-received")
    seen = is_held(client, result.id)
    client.run(result)
    return [seen, is_held(client, result.id)]


@case("results: extended", world="hard")
def _(client):
    result = add.apply_async((1,), {"y": 2}, queue="other", headers={"tenant": "acme"})
    return {**client.run(result), "kept": client.stored(result.id)}


@case("results: extended, through a chain", world="hard")
def _(client):
    return client.run(chain(trace.s("a"), group(trace.s("b"), trace.s("c"))).apply_async())


@case("results: extended, stamped", world="hard")
def _(client):
    task = trace.s("a")
    task.stamp(tenant="acme")
    return client.run(task.apply_async())


@case("results: extended, as the client reads them", world="hard")
def _(client):
    result = add.delay(1, 2)
    client.run(result)
    return [result.name, result.args, result.kwargs, result.worker, result.retries, result.queue]
