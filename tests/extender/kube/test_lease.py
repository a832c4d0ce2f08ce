"""Two replicas, one lease: never both at once."""

import json
from typing import Any

import pytest

from fluxion_extender.kube.connection import ApiError, Connection
from fluxion_extender.kube.lease import DURATION, Lease
from fluxion_py.errors import InputError


class Leases(Connection):
    """The leases of an API server: versions, and 409 for one that is out of date."""

    def __init__(self) -> None:
        self.lease: dict[str, Any] | None = None
        self.version = 0

    def get(self, path: str, **query: str | int | bool) -> bytes:
        if self.lease is None:
            raise ApiError(404, "not found")
        return json.dumps(self.lease).encode()

    def post(self, path: str, body: Any) -> bytes:  # noqa: ANN401
        if self.lease is not None:
            raise ApiError(409, "exists")
        return self._store(body)

    def put(self, path: str, body: Any) -> bytes:  # noqa: ANN401
        assert self.lease is not None
        if body["metadata"]["resourceVersion"] != self.lease["metadata"]["resourceVersion"]:
            raise ApiError(409, "conflict")
        return self._store(body)

    def _store(self, body: Any) -> bytes:  # noqa: ANN401
        self.version += 1
        self.lease = json.loads(json.dumps(body))
        assert self.lease is not None
        self.lease["metadata"]["resourceVersion"] = str(self.version)
        return json.dumps(self.lease).encode()


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_one_holds_and_the_other_takes_over_when_it_is_not_renewed() -> None:
    server, clock = Leases(), Clock()
    first, second = (Lease(server, "ns/fluence", name, clock) for name in "ab")
    assert first.try_hold()
    assert not second.try_hold()
    clock.now += DURATION - 1
    assert first.try_hold()
    clock.now += DURATION - 1
    assert not second.try_hold()  # seen renewed just now
    clock.now += DURATION
    assert second.try_hold()
    assert not first.try_hold()
    assert second.epoch == 1


def test_a_lease_that_is_given_up_is_free_at_once() -> None:
    server, clock = Leases(), Clock()
    first, second = (Lease(server, "ns/fluence", name, clock) for name in "ab")
    assert first.try_hold()
    first.release()
    assert second.try_hold()


def test_of_two_that_write_at_once_one_has_it() -> None:
    server, clock = Leases(), Clock()
    first, second = (Lease(server, "ns/fluence", name, clock) for name in "ab")
    assert first.try_hold()
    stale = server.get("x")
    clock.now += DURATION
    assert not second.try_hold()
    clock.now += DURATION
    assert first.try_hold()
    server.get = lambda path, **query: stale  # type: ignore[method-assign]
    clock.now += DURATION
    assert not second.try_hold()


@pytest.mark.parametrize("name", ["", "x", "/x", "x/", "a/b/c"])
def test_a_lease_needs_a_namespace_and_a_name(name: str) -> None:
    with pytest.raises(InputError):
        Lease(Leases(), name, "a", Clock())
