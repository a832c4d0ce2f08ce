"""Graph to text: time of whole graphs, digests and R."""

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benches.systems import VERTICES, grug
from fluxion_py.match.state import digest
from fluxion_py.outcome import Selection
from fluxion_py.readers import read_text
from fluxion_py.writers import Answer, render
from fluxion_py.writers.whole_graph import WHOLE_FORMATS, write_whole

NAMES = [
    "tiny",
    "g125",
    *(pytest.param(name, marks=pytest.mark.slow) for name in ("g1000", "large", "elcap")),
]


def rounds(name: str) -> int:
    return 1 if VERTICES[name] > 500_000 else 3


@pytest.mark.parametrize("format", WHOLE_FORMATS)
@pytest.mark.parametrize("name", NAMES)
def bench_write_whole(benchmark: BenchmarkFixture, name: str, format: str) -> None:
    """Write a system, chunk by chunk."""
    flat = read_text(grug(name), "grug")

    def write() -> int:
        return sum(map(len, write_whole(format, flat)))

    size = benchmark.pedantic(write, rounds=rounds(name), warmup_rounds=0)
    assert size > 20 * VERTICES[name]


@pytest.mark.parametrize("name", NAMES)
def bench_digest(benchmark: BenchmarkFixture, name: str) -> None:
    """Take the digest that a saved state holds."""
    flat = read_text(grug(name), "grug")
    assert len(benchmark.pedantic(digest, args=(flat,), rounds=rounds(name))) == 64


@pytest.mark.parametrize(("nodes", "cores"), [(1, 1), (1, 64), (16, 64)], ids=str)
def bench_r_text(benchmark: BenchmarkFixture, nodes: int, cores: int) -> None:
    """Write R of one core, of a whole node, and of 16 whole nodes."""
    flat = read_text(grug("g125"), "grug")
    chosen: list[tuple[int, int, bool, int]] = []
    for node in flat.rows_of_type("node")[:nodes]:
        below = [row for row in flat.hanging_below(node) if flat.type(row) == "core"]
        chosen += [(row, 1, True, 5) for row in below[:cores]]
        chosen.append((node, 1, True, 3))
    text = benchmark(render, "rv1_nosched", Answer(flat, Selection(chosen), 0, 3600))
    assert '"nodelist"' in text
