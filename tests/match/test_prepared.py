"""What a jobspec must be before an engine is asked."""

import pytest

from fluxion_py import JobspecError, Matcher, ResourceGraph
from fluxion_py.jobspec.model import Count, Jobspec, Resource
from tests.conftest import ROOT

ONE = Count(1, 1)
CORE = Resource("core", ONE)
NODE = Resource("node", ONE, (Resource("slot", ONE, (CORE,), "a"),))


def matcher(traverser: str = "simple") -> Matcher:
    return Matcher(ResourceGraph.from_file(ROOT / "resources" / "elk.yaml"), traverser=traverser)


@pytest.mark.parametrize("kind", ["slot", "xor_slot"])
def test_alternatives_need_the_flexible_traverser(kind: str) -> None:
    forms = tuple(Resource(kind, ONE, (CORE,), label) for label in ("a", "b"))
    jobspec = Jobspec(9999, (Resource("node", ONE, forms),))
    with pytest.raises(JobspecError, match="alternatives") as caught:
        matcher().allocate(jobspec)
    assert caught.value.where == "resources[0].with"
    assert caught.value.hint is not None
    assert "flexible" in caught.value.hint
    assert matcher("flexible").allocate(jobspec).count("core") == 1


def test_a_request_that_takes_nothing_is_refused_before_it_is_matched() -> None:
    jobspec = Jobspec(9999, (Resource("node", ONE, (CORE,)),))
    with pytest.raises(JobspecError, match="nothing in the request would be exclusive"):
        matcher().allocate(jobspec)


@pytest.mark.parametrize("duration", [-1, float("nan"), float("inf"), 1e12])
def test_durations_out_of_range_are_refused(duration: float) -> None:
    with pytest.raises(JobspecError, match="duration"):
        matcher().allocate(Jobspec(9999, (NODE,), duration=duration))
