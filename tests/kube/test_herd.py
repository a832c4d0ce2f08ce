"""Waiting costs next to nothing: constant texts, few calls, however much happens around."""

import json
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.kube.rig import books
from tests.kube.rig.control_plane import ControlPlane
from tests.kube.rig.echo import Call, Recorder
from tests.kube.rig.gangs import PODS, bare_gang, members, wait_bound, wait_refused
from tests.kube.rig.objects import node, pod
from tests.kube.rig.processes import wait_until
from tests.kube.rig.scheduler import start_with_extender
from tests.kube.rig.service import FluenceProcess

pytestmark = pytest.mark.slow
"""Times are measured: not for a machine that others use."""

QUIET_SECONDS = 20
LONGEST_BACKOFF = 10
CALLS_A_MINUTE = 3


@pytest.fixture
def recorder(plane: ControlPlane, service: FluenceProcess) -> Iterator[Recorder]:
    """The service at work, and all that kube-scheduler asks it."""
    plane.add_nodes(node(f"n{number}") for number in range(8))
    service.start_ready()
    one = Recorder(service)
    start_with_extender(plane, one.url)
    yield one
    plane.scheduler.stop()
    one.close()


def test_a_refused_group_is_left_alone_while_nothing_changes(
    plane: ControlPlane, recorder: Recorder
) -> None:
    """At most 3 calls a minute for a group of 9 that 8 nodes cannot hold."""
    for one in bare_gang("large", 9, cpu="8"):
        plane.api.create(PODS, one)
    wait_refused(plane, "large", 9)
    plane.api.create(PODS, pod("fence", cpu="100m"))  # what was under way is over when it is bound
    wait_until(lambda: "fence" in books.bound(plane.api.items(PODS)), "a single pod is bound")
    wait_until(lambda: calm(recorder), "what the fence has woken is refused", 120, 0.5)
    before = len(recorder.of("filter"))
    time.sleep(QUIET_SECONDS)  # the subject: a stretch of time in which nothing changes
    assert len(recorder.of("filter")) - before <= CALLS_A_MINUTE * QUIET_SECONDS / 60


def calm(recorder: Recorder) -> bool:
    """Say whether nobody has asked for longer than kube-scheduler's back-off."""
    return time.monotonic() - recorder.calls[-1].at > LONGEST_BACKOFF + 1


def texts(call: Call) -> set[str]:
    """Return the reasons in the answer to a filter call; they are the same for all nodes."""
    return set(json.loads(call.answer)["FailedAndUnresolvableNodes"].values())


def test_a_herd_is_answered_from_memory_with_one_text(
    plane: ControlPlane, recorder: Recorder
) -> None:
    """50 pods wait while 30 foreign pods are bound: no storm, no change of the reason."""
    for one in bare_gang("large", 50, cpu="8"):
        plane.api.create(PODS, one)
    wait_refused(plane, "large", 50)
    wait_until(lambda: calm(recorder), "the first refusals are over", 120, 0.5)
    before = len(recorder.of("filter"))
    (reason,) = texts(recorder.of("filter")[-1])
    for number in range(30):
        plane.api.create(PODS, pod(f"foreign{number}", "100m", "64Mi", scheduler="other"))
        plane.api.bind("default", f"foreign{number}", f"n{number % 8}")
    wait_until(lambda: calm(recorder), "the herd has passed", 120, 0.5)
    calls = recorder.of("filter")[before:]
    per_pod = Counter(call.pod for call in calls)
    assert len(calls) <= 50 * 8, "more than the back-off lets through"
    assert max(per_pod.values(), default=0) <= 8
    assert {text for call in calls for text in texts(call)} == {reason}
    after = {books.refusal(one) for one in members(plane, "large")}
    assert len(after) == 1, after


def test_the_first_free_moment_wakes_the_right_group(
    plane: ControlPlane, recorder: Recorder
) -> None:
    """A group that waits for room starts within seconds when the room comes."""
    for one in bare_gang("running", 8, cpu="8"):
        plane.api.create(PODS, one)
    wait_bound(plane, "running", 8)
    for one in bare_gang("next", 8, cpu="8"):
        plane.api.create(PODS, one)
    wait_refused(plane, "next", 8)
    plane.api.delete(f"{PODS}?labelSelector=gang%3Drunning")
    start = time.monotonic()
    wait_bound(plane, "next", 8)
    assert time.monotonic() - start < 15
