"""What is dropped is given back: the memory of the process does not grow with what it has done."""

import gc
from pathlib import Path

import pytest

from fluxion_py._core.engine import Engine
from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.jobspec.shape import parse_shape
from fluxion_py.match.policy import POLICIES
from fluxion_py.outcome import Errno
from tests.machines import recipe

STATM = Path("/proc/self/statm")
PAGE = 4096
ROUNDS = 50
SETTLED = 15
"""Rounds after which the allocator has what it needs."""

ALLOWED = 3 << 20
"""Bytes that the process may still grow by; the columns of one machine in each round are 20 MB."""


def resident() -> int:
    """Return the bytes of memory that the process occupies."""
    gc.collect()
    return int(STATM.read_text().split()[1]) * PAGE


def machine() -> FlatGraph:
    """200 nodes with 2 sockets of 16 cores each, and gpus: 8,000 vertices."""
    socket = {"count": 2, "contains": {"core": 16, "gpu": 2}}
    contains = {"node": {"count": 200, "contains": {"socket": socket}}}
    return recipe({"rack": {"count": 1, "contains": contains}}).flat


def live(policy: str, search: str) -> None:
    """Load a machine, fill it by all kinds of operations, give some back, and forget it."""
    flat = machine()
    engine = Engine(flat, policy=POLICIES[policy], search=search)
    shapes = [
        engine.compile(parse_shape(text))
        for text in ("slot=1/core=3", "node=2{x}/slot=1/core=1", "slot=1/[core=2;gpu=1]")
    ]
    for number in range(240):
        op = "allocate_orelse_reserve" if number % 6 == 0 else "allocate"
        outcome = engine.match(op, shapes[number % 3], 10 + number, number, number // 4)
        if outcome.errno is Errno.OK and number % 2:
            assert outcome.selection is not None
            assert outcome.selection.vertices
        if number % 5 == 4 and number in engine.jobs():
            engine.cancel(number)
    engine.set_status(flat.rows_of_type("node")[0], False)
    engine.remove(flat.rows_of_type("node")[1])
    engine.mask("allocated")


@pytest.mark.skipif(not STATM.exists(), reason="the memory in use is read from /proc")
@pytest.mark.parametrize("search", ["quick", "walk"])
def test_machines_that_are_dropped_leave_no_memory_behind(search: str) -> None:
    used = []
    for number in range(ROUNDS):
        live(("first", "low")[number % 2], search)
        used.append(resident())
    growth = max(used[SETTLED + 20 :]) - max(used[:SETTLED])
    assert growth < ALLOWED, f"{growth} bytes more after {ROUNDS} rounds: {used}"
