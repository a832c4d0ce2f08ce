"""A fixed piece of work, by which budgets are scaled on a machine that is slower just now."""

from pytest_benchmark.fixture import BenchmarkFixture

from benches.measuring import measure

WORDS = 200_000


def bench_machine(benchmark: BenchmarkFixture) -> None:
    """Numbers go into a dictionary and are sorted: interpreter, arithmetic and memory."""
    found: list[int] = []

    def work() -> None:
        table = {(number * 2_654_435_761) % 2**32: number for number in range(WORDS)}
        found[:] = sorted(table)

    measure(benchmark, "machine", work, 1, rounds=10)
    assert found == sorted(found)
    assert len(found) == WORDS
