"""Text to graph: seconds, resident memory, and bytes per vertex of the columns.

`load-*` is the reader in this process. `resident-*` and `peak-*` are those of a new process that
reads the file, `ready-*` those after a matcher was made, all with Python itself in them.
"""

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benches.measuring import measure, note, systems
from benches.processes import file_of, run_child
from benches.systems import VERTICES
from fluxion_py.readers import read_file

CASES = [
    *((name, "grug") for name in ("tiny", "g125", "medlow", "medhigh", "g1000", "g3000", "large")),
    *((name, "grug") for name in ("flat10000", "elcap", "mummi", "g100000")),
    *((name, "jgf") for name in ("g125", "large", "mummi")),
]
BYTES_PER_VERTEX = 150  # what docs/design/0002 promises for the columns
TEN_MEGABYTES = 10_000_000


def parameters() -> list[object]:
    marked = systems(*(system for system, _ in CASES))
    return [
        pytest.param(system, format, marks=parameter.marks, id=f"{system}-{format}")
        for (system, format), parameter in zip(CASES, marked, strict=True)
    ]


@pytest.mark.parametrize(("system", "format"), parameters())
def bench_load(benchmark: BenchmarkFixture, system: str, format: str) -> None:
    """Read the file of a system."""
    path = file_of(system, format)
    found: list[int] = []

    def work() -> None:
        found[:] = [read_file(path, format).vertex_count]

    rounds = 1 if VERTICES[system] > 5_000_000 or format == "jgf" else 3
    measure(benchmark, f"load-{system}-{format}", work, 1, rounds=rounds)
    assert found == [VERTICES[system]]


@pytest.mark.parametrize(("system", "format"), parameters())
def bench_memory(benchmark: BenchmarkFixture, system: str, format: str) -> None:
    """Read the file in a new process and look at what it holds then."""
    path = file_of(system, format)
    found = benchmark.pedantic(lambda: run_child(path, format), rounds=1)
    assert found["vertices"] == VERTICES[system]
    where = f"{system}-{format}"
    note(benchmark, f"resident-{where}", found["load_resident"], "B")
    note(benchmark, f"peak-{where}", found["load_peak"], "B")
    note(benchmark, f"ready-{where}", found["matcher_resident"], "B")
    note(benchmark, f"columns-{where}", found["columns"] / found["vertices"], "B")
    assert found["load_resident"] >= found["before"]
    if found["columns"] > TEN_MEGABYTES:
        assert found["columns"] <= BYTES_PER_VERTEX * found["vertices"]
