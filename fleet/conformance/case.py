"""What a case is: a name, the world that it lives in, and a function from a client to what was seen."""

from dataclasses import dataclass
from typing import Callable

CASES = {}


@dataclass(frozen=True)
class Case:
    name: str
    world: str
    look: Callable


def case(name, world="main"):
    """The decorated function gets a client and returns plain JSON, in which nothing differs between two runs."""

    def add(look):
        if name in CASES:
            raise ValueError(f"two cases are called {name}")
        CASES[name] = Case(name, world, look)
        return look

    return add
