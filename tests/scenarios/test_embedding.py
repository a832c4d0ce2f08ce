"""Mission rows C-13 and R-08: the same answers in every process, and no global state."""

import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from fluxion_py import Busy, Matcher
from tests.conftest import ROOT
from tests.machines import elk, nodes, shape, slide

REQUESTS = (
    "slot=3/core=5", "rack=2/slot/node", "slot/socket", "slot=9/node", "node=2/slot=2/core",
    "slot=1-4/node", "slot=40/node",
)  # fmt: skip


def history(policy: str, repeats: int = 6) -> str:
    """Return everything a matcher answers to one fixed sequence."""
    matcher = Matcher(elk(), policy)
    texts = []
    for step in range(repeats):
        texts += [matcher.reserve(shape(text, 60 + step)).write("rv1") for text in REQUESTS]
        ids = [job.id for job in matcher.jobs()]
        matcher.cancel(ids[step % len(ids)])
        matcher.now += 7
    return hashlib.sha256("".join(texts).encode()).hexdigest()


@pytest.mark.parametrize("policy", ["first", "low", "locality"])
def test_c13_fresh_processes_with_any_hash_seed_give_the_same_r(policy: str) -> None:
    script = (
        f"import sys; sys.path.append({str(ROOT)!r}); "  # behind the installed package
        f"from tests.scenarios.test_embedding import history; print(history({policy!r}, 3))"
    )
    answers = set()
    for seed in ("0", "1", "2", "31415", "random"):
        done = subprocess.run(
            [sys.executable, "-c", script],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONSAFEPATH": "1"},
        )
        assert done.returncode == 0, done.stderr
        answers.add(done.stdout.strip())
    assert answers == {history(policy, 3)}


def test_r08_matchers_in_threads_do_not_interfere() -> None:
    policies = ["first", "low", "high", "locality"] * 2
    alone = {policy: history(policy) for policy in set(policies)}
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(history, policies))
    assert together == [alone[policy] for policy in policies]


def test_r08_two_matchers_may_book_the_same_graph_apart() -> None:
    graph = nodes(2)
    one, two = Matcher(graph, "low"), Matcher(graph, "low")
    one.allocate(shape("slot=2/node"))
    assert len(two.allocate(shape("slot=2/node")).nodes) == 2
    with pytest.raises(Busy):
        two.allocate(shape("slot/node"))


def test_r08_one_matcher_in_many_threads_books_nothing_twice() -> None:
    matcher = Matcher(elk(), "low")
    texts: list[str] = []

    def take(turn: int) -> list[str]:
        try:
            return list(matcher.allocate(slide()).nodes)
        except Busy as error:
            texts.append(str(error))
            return []

    with ThreadPoolExecutor(8) as pool:
        given = [name for names in pool.map(take, range(20)) for name in names]
    assert len(given) == len(set(given)) == 36
    assert len(texts) == 14
    assert all(text.startswith("busy: needs 2 racks") for text in texts)


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    history("low", 1)
    assert capfd.readouterr() == ("", "")
