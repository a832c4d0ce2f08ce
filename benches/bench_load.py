"""Text to graph: time and bytes per vertex of a load from GRUG."""

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benches.systems import SYSTEMS, VERTICES, grug, vertices
from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.readers import read_text

BYTES_PER_VERTEX = 150  # what docs/design/0002 promises for the columns
SMALL = ("tiny", "g125")
NAMES = [
    pytest.param(name, marks=[] if name in SMALL else [pytest.mark.slow], id=name)
    for name in SYSTEMS
]


@pytest.mark.parametrize("name", NAMES)
def bench_load(benchmark: BenchmarkFixture, name: str) -> None:
    """Load a system; the columns must stay within their bytes per vertex."""
    text = grug(name)
    rounds = 1 if VERTICES[name] > 500_000 else 3

    def load() -> FlatGraph:
        return read_text(text, "grug")

    flat = benchmark.pedantic(load, rounds=rounds, warmup_rounds=0)
    assert flat.vertex_count == vertices(name) == VERTICES[name]
    benchmark.extra_info["vertices"] = flat.vertex_count
    benchmark.extra_info["bytes_per_vertex"] = round(flat.memory() / flat.vertex_count, 1)
    if name not in SMALL:
        assert flat.memory() <= BYTES_PER_VERTEX * flat.vertex_count
