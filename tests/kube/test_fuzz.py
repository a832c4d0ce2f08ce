"""Whatever comes to the doors: no crash, no 5xx, no change of state.

`FLUXION_KUBE_FUZZ` requests go to the verbs: real ones of kube-scheduler, with something broken.
"""

import json
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from http.client import HTTPConnection, HTTPException
from typing import Any

import pytest

from tests.kube.rig import books
from tests.kube.rig.control_plane import ControlPlane
from tests.kube.rig.echo import Recorder
from tests.kube.rig.gangs import PODS, bare_gang, wait_bound, wait_refused
from tests.kube.rig.objects import node
from tests.kube.rig.processes import wait_until
from tests.kube.rig.scheduler import start_with_extender
from tests.kube.rig.service import FluenceProcess

REQUESTS = int(os.environ.get("FLUXION_KUBE_FUZZ", "1500"))
SEED = int(os.environ.get("FLUXION_SEED", "1"))
VERBS = ("filter", "prioritize", "bind", "preempt")
ODD: tuple[Any, ...] = (
    None, True, 0, -1, 2**63, 1e308, "", "x" * 300, "\x00", "é", "../..", [], {}, [None],
    {"a": None}, [[[[]]]], "9" * 400, {"Pods": None},
)  # fmt: skip

Seen = dict[str, list[bytes]]


@pytest.fixture
def seen(plane: ControlPlane, service: FluenceProcess) -> Seen:
    """What kube-scheduler asked of the service for a gang that runs and one that waits.

    The scheduler is stopped, so that nothing changes of itself any more.
    """
    plane.add_nodes(node(f"n{number}") for number in range(8))
    service.start_ready()
    recorder = Recorder(service)
    start_with_extender(plane, recorder.url)
    for one in [*bare_gang("runs", 6, cpu="5"), *bare_gang("waits", 6, cpu="5")]:
        plane.api.create(PODS, one)
    wait_bound(plane, "runs", 6)
    wait_refused(plane, "waits", 6)
    plane.scheduler.stop()
    wait_until(Steady(lambda: state_of(plane, service)), "the last writes have arrived")
    recorder.close()
    calls = {verb: [call.raw for call in recorder.of(verb)] for verb in VERBS}
    pod = json.loads(calls["filter"][0])["Pod"]
    calls["prioritize"] = calls["prioritize"] or calls["filter"]  # one node is left: never asked
    calls["preempt"] = calls["preempt"] or [
        json.dumps(
            {
                "Pod": pod,
                "NodeNameToVictims": None,
                "NodeNameToMetaVictims": {"n0": {"Pods": [{"UID": "u"}], "NumPDBViolations": 0}},
            }
        ).encode()
    ]
    return calls


def test_broken_requests_change_nothing(
    plane: ControlPlane, service: FluenceProcess, seen: Seen, request: pytest.FixtureRequest
) -> None:
    """Mutations of real requests are refused or answered; books and placements stay."""
    chance = random.Random(SEED)
    before = state_of(plane, service)
    connection = HTTPConnection("127.0.0.1", service.port, timeout=30)
    request.addfinalizer(connection.close)
    statuses: Counter[int] = Counter()
    for number in range(REQUESTS):
        verb = chance.choice(VERBS)
        body = mutated(chance, chance.choice(seen[verb]), verb)
        status, answer = send(connection, verb, body)
        statuses[status] += 1
        assert status < 500, (
            f"request {number} (seed {SEED}), {verb}: {answer[:300]!r}\n{body[:2000]!r}"
        )
    assert statuses[200] > 0
    assert statuses[400] > 0
    assert service.alive()
    assert state_of(plane, service) == before


def test_a_late_question_about_a_bound_pod_changes_nothing(
    plane: ControlPlane, service: FluenceProcess, seen: Seen
) -> None:
    """Its node is full with it, so kube-scheduler may offer all others before it hears of that."""
    before = state_of(plane, service)
    nodes = books.bound(plane.api.items(PODS))
    late = {}
    for raw in seen["filter"]:
        body = json.loads(raw)
        own = nodes.get(body["Pod"]["metadata"]["name"])
        if own is not None:
            body["NodeNames"] = [f"n{number}" for number in range(8) if f"n{number}" != own]
            late[own] = json.dumps(body).encode()
    assert late
    for body in late.values():
        status, answer = service.request("POST", "/fluence/filter", body)
        assert status == 200
        assert json.loads(answer)["NodeNames"] == []
    assert state_of(plane, service) == before


class Steady:
    """Whether a state has been the same for a second."""

    def __init__(self, state: Callable[[], object]) -> None:
        self._state = state
        self._last: object = None
        self._since = 0.0

    def __call__(self) -> bool:
        now, found = time.monotonic(), self._state()
        if found != self._last:
            self._last, self._since = found, now
        return now - self._since > 1


def state_of(plane: ControlPlane, service: FluenceProcess) -> object:
    """Return who is where, by the API server, and what the service says of its groups."""
    pods = sorted(
        (one["metadata"]["name"], one["spec"].get("nodeName"), one["metadata"]["annotations"])
        for one in plane.api.items(PODS)
    )
    return pods, without_times(service.json("/status"))


def without_times(value: Any) -> Any:  # noqa: ANN401
    """Leave out how long ago something was."""
    if isinstance(value, dict):
        return {
            key: without_times(one) for key, one in value.items() if key not in ("since", "age")
        }
    return [without_times(one) for one in value] if isinstance(value, list) else value


def send(connection: HTTPConnection, verb: str, body: bytes) -> tuple[int, bytes]:
    """Send a body on a connection that stays open as long as the server likes."""
    try:
        connection.request("POST", f"/fluence/{verb}", body, {"Content-Type": "application/json"})
        with connection.getresponse() as response:
            return response.status, response.read()
    except (HTTPException, ConnectionError):
        connection.close()
        raise


def mutated(chance: random.Random, raw: bytes, verb: str) -> bytes:
    """Break the text, or one to three values of it. A binding keeps no right name and UID."""
    if chance.random() < 0.2:
        return broken_text(chance, raw)
    body = json.loads(raw)
    for _ in range(chance.randint(1, 3)):
        spoil(chance, body)
    if verb == "bind" and isinstance(body, dict):
        body["PodUID"] = chance.choice(("", "no-such-uid", None, 7))
    return json.dumps(body).encode()


def broken_text(chance: random.Random, raw: bytes) -> bytes:
    at = chance.randrange(len(raw))
    how = chance.randrange(5)
    if how == 0:
        return raw[:at]
    if how == 1:
        return raw[:at] + bytes([chance.randrange(256)]) + raw[at + 1 :]
    if how == 2:
        return raw + raw
    if how == 3:
        return b"[" * chance.choice((10, 5000, 100_000))
    return bytes(chance.randrange(256) for _ in range(200))


def spoil(chance: random.Random, body: Any) -> None:  # noqa: ANN401
    """Change, remove or add one value somewhere in it."""
    places = list(containers(body))
    if not places:
        return
    where = chance.choice(places)
    key = chance.choice(list(where) if isinstance(where, dict) else range(len(where)))
    how = chance.random()
    if how < 0.15:
        del where[key]
    elif how < 0.25 and isinstance(where, dict):
        where[chance.choice(("Pod", "labels", "x" * 300, ""))] = deepcopy(chance.choice(ODD))
    else:
        where[key] = deepcopy(chance.choice(ODD))


def containers(value: Any) -> Iterator[Any]:  # noqa: ANN401
    """Go through all objects and lists in a value that have something in them."""
    if isinstance(value, dict | list) and value:
        yield value
        for one in value.values() if isinstance(value, dict) else value:
            yield from containers(one)
