"""Canvases told in JSON, so that Python and worker/canvas/testing/told-canvas.ts build the same. A text is a task with it for an argument."""

import datetime

from celery import chain, chord, group

import sums

ETA = datetime.datetime(2030, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)


def built(told):
    if isinstance(told, str):
        return sums.echo.s(told)
    if "task" in told:
        canvas = getattr(sums, told["task"]).s(*told.get("args", []), **told.get("kwargs", {}))
    elif "chain" in told:
        canvas = chain(*map(built, told["chain"]))
    elif "group" in told:
        canvas = group([built(member) for member in told["group"]])
    elif "chord" in told:
        canvas = chord([built(member) for member in told["chord"]], built(told["body"]))
    elif "map" in told:
        canvas = getattr(sums, told["map"]).map(told["items"])
    elif "starmap" in told:
        canvas = getattr(sums, told["starmap"]).starmap(told["items"])
    else:
        canvas = getattr(sums, told["chunks"]).chunks(told["items"], told["size"])
    for act in told.get("then", []):
        [(how, what)] = act.items()
        if how == "set":
            canvas.set(**options(what))
        elif how == "link":
            canvas.link(built(what))
        elif how == "link_error":
            canvas.link_error(built(what))
        else:
            canvas.stamp(**what)
    return canvas


def options(told):
    given = dict(told)
    if "eta" in given:
        given["eta"] = ETA
    for name in ("link", "link_error"):
        if name in given:
            given[name] = built(given[name])
    return given
