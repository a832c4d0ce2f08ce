"""How many operations a round has, and that answers which are not real are noticed."""

import time
from types import SimpleNamespace
from typing import cast

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benches.measuring import (
    SMOKE,
    allocate,
    cancel_all,
    check_booked,
    check_given,
    enough,
    load,
    satisfiable,
)
from benches.workloads import request
from fluxion_py import Matcher


class Clock:
    """Time goes on by one second for each operation of a batch."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        self.batches: list[int] = []
        monkeypatch.setattr(time, "perf_counter", lambda: self.now)

    def batch(self, count: int) -> None:
        self.batches.append(count)
        self.now += count


def benchmark(disabled: bool = False) -> BenchmarkFixture:
    return cast(BenchmarkFixture, SimpleNamespace(disabled=disabled))


def test_batches_grow_until_one_takes_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    cleared: list[int] = []
    count = enough(
        benchmark(),
        clock.batch,
        10_000,
        seconds=300.0,
        clear=lambda: cleared.append(len(clock.batches)),
    )
    assert count == 256
    assert clock.batches == [1, 1, 4, 16, 64, 256]
    assert cleared == [0, 1, 2, 3, 4, 5]


def test_a_batch_is_never_larger_than_the_most(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    assert enough(benchmark(), clock.batch, 10, seconds=300.0) == 10
    assert clock.batches == [1, 1, 4, 10]


def test_nothing_is_tried_where_nothing_is_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    assert enough(benchmark(disabled=True), clock.batch, 10_000) == SMOKE
    assert enough(benchmark(disabled=True), clock.batch, 2) == 2
    assert clock.batches == []


def test_jobs_are_made_until_the_machine_is_full_and_all_go() -> None:
    matcher = Matcher(load("tiny"), "first")
    given = allocate(matcher, matcher.compile(request("nodex1", "tiny")), 5)
    check_given(given, 2, "nodex1", "tiny")
    check_booked(matcher, given)
    cancel_all(matcher)
    assert matcher.jobs() == []


def test_answers_that_are_too_few_too_small_or_double_are_noticed() -> None:
    matcher = Matcher(load("tiny"), "first")
    nodes = allocate(matcher, matcher.compile(request("nodex1", "tiny")), 2)
    with pytest.raises(AssertionError):
        check_given(nodes, 3, "nodex1", "tiny")
    with pytest.raises(AssertionError):
        check_given([nodes[0], nodes[0]], 2, "nodex1", "tiny")
    with pytest.raises(AssertionError):
        check_given(nodes, 2, "core1", "tiny")
    with pytest.raises(AssertionError):
        check_booked(matcher, nodes[:1])


def test_satisfiability_is_answered_request_by_request() -> None:
    matcher = Matcher(load("tiny"), "first")
    fits, too_many = (matcher.compile(request(name, "tiny")) for name in ("nodex1", "nodex16"))
    assert satisfiable(matcher, [fits, too_many, fits]) == [True, False, True]
