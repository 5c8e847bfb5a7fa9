"""A world is a pair of databases with a worker of its own, so that what acts on a whole worker disturbs nobody else."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class World:
    name: str
    database: int
    """Of the broker; the results have the next one."""
    concurrency: int
    at_once: int
    """Cases that run at the same time."""
    conf: dict = field(default_factory=dict)
    worker: bool = True
    """Without one, the cases start their own."""

    @property
    def node(self):
        return f"{self.name}@conformance"


WORLDS = {
    one.name: one
    for one in (
        World("main", 0, concurrency=8, at_once=12),
        World("hard", 2, concurrency=8, at_once=6, conf={"result_extended": True}),
        World("lost", 10, concurrency=4, at_once=3, conf={"result_extended": True}),
        World("control", 4, concurrency=2, at_once=1),
        World("commands", 6, concurrency=2, at_once=2),
        World("alone", 8, concurrency=2, at_once=1, worker=False),
    )
}
