"""The order of yoyo: each migration after those that it depends on, otherwise by name.

Source: yoyo 9.0.0, yoyo/topologicalsort.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from graphlib import CycleError, TopologicalSorter
from heapq import heapify, heappop, heappush


def in_order(depends: Mapping[str, frozenset[str]]) -> tuple[list[str], frozenset[str]]:
    """Return the ids in yoyo's order, and those whose dependencies are circular, which stand at the end.

    Args:
        depends: by id, in the order of the names. Ids that are no keys are ignored.
    """
    places = {name: place for place, name in enumerate(depends)}
    sorter = TopologicalSorter({name: ids & places.keys() for name, ids in depends.items()})
    with suppress(CycleError):  # the sorter gives the others all the same
        sorter.prepare()
    names = list(depends)
    order: list[str] = []
    ready = [places[name] for name in sorter.get_ready()]
    heapify(ready)
    while ready:
        order.append(names[heappop(ready)])
        sorter.done(order[-1])
        for name in sorter.get_ready():
            heappush(ready, places[name])
    circular = [name for name in names if name not in set(order)] if len(order) < len(names) else []
    return order + circular, frozenset(circular)
