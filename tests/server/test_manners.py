"""Clients without manners: the instance answers or refuses, and goes on."""

import json
import random
import socket
import string
from contextlib import ExitStack
from pathlib import Path

import pytest

from fluxion_py import Jobspec
from fluxion_py.server import session as session_module
from fluxion_py.server.messages import MAX_LINE
from fluxion_py.server.server import MAX_CLIENTS
from tests.server.driver import Served

SPEC = Jobspec.from_command(["app"], duration=60).to_dict()


def alive(served: Served) -> None:
    """Check that others are served."""
    with served.client() as client:
        assert client.call("info")["protocol"] == 1
        assert client.submit(SPEC) > 0


def garbage(draw: random.Random) -> bytes:
    """Return a line that makes no sense."""
    good = json.dumps({"id": 1, "method": "submit", "jobs": [{"jobspec": SPEC}]}).encode()
    kind = draw.randrange(8)
    if kind == 0:
        return draw.randbytes(draw.randrange(1, 200)).replace(b"\n", b" ")
    if kind == 1:
        return good[: draw.randrange(1, len(good) - 1)]
    if kind == 2:
        place = draw.randrange(len(good) - 1)
        return good[:place] + b"\xff" + good[place + 1 :]
    if kind == 3:
        return b"[" * draw.randrange(1, 100_000)
    if kind == 4:
        return json.dumps(
            {"id": 1, "method": "".join(draw.choices(string.ascii_letters, k=8))}
        ).encode()
    if kind == 5:
        wrong: object = draw.choice([None, 3, "x", [], {}, [[]], {"a": {}}])
        return json.dumps({"id": wrong, "method": "cancel", "jobs": wrong}).encode()
    if kind == 6:
        return json.dumps(
            {"id": 2, "method": "submit", "jobs": [{"jobspec": draw.choice([1, [], "x", {}])}]}
        ).encode()
    return b'{"id": 1, "method": "show", "job": %d}' % draw.randrange(-(2**70), 2**70)


def test_ten_thousand_malformed_messages_get_an_error_each(served: Served) -> None:
    draw = random.Random(4)
    with served.raw() as raw:
        for _ in range(100):
            lines = [garbage(draw) for _ in range(100)]
            raw.send(b"".join(line + b"\n" for line in lines))
            for line in lines:
                answer = raw.answer()
                refused = answer.get("error") or answer["result"]["jobs"][0]
                assert refused.get("message") or refused.get("error"), line
                assert answer.get("error", {}).get("kind") != "internal", (line, answer)
        assert "result" in raw.ask(id=1, method="info")
    alive(served)


def test_nesting_is_bounded(served: Served) -> None:
    deep: object = 1
    for _ in range(500):
        deep = [deep]
    with served.raw() as raw:
        spec = {**SPEC, "attributes": {"user": {"deep": deep}}}
        answer = raw.ask(id=5, method="submit", jobs=[{"jobspec": spec}])
        assert "error" in answer["result"]["jobs"][0]
        raw.send(
            b'{"id": 6, "method": "memo", "job": 1, "name": "x", "context": {"a": ' + b"[" * 10**6
        )
        raw.send(b"\n")
        assert raw.answer()["error"]["message"].startswith("a message makes no sense: ")
    alive(served)


def test_a_message_that_is_too_long_is_refused(served: Served) -> None:
    with served.raw() as raw:
        try:
            for _ in range(MAX_LINE // 2**16 + 2):
                raw.send(b"x" * 2**16)
        except (BrokenPipeError, ConnectionResetError):
            raw.closed()  # the answer may have come, or be lost with the connection
        else:
            assert raw.answer()["error"]["message"] == f"a message is longer than {MAX_LINE} bytes"
            assert raw.closed()
    alive(served)


def test_too_many_jobs_in_a_message_are_refused(served: Served) -> None:
    with served.raw() as raw:
        answer = raw.ask(id=1, method="submit", jobs=[{"jobspec": {}}] * 10_001)
        assert "length <= 10000" in answer["error"]["message"]
        answer = raw.ask(id=2, method="cancel", jobs=[1] * 10_001)
        assert "length <= 10000" in answer["error"]["message"]
    alive(served)


def test_a_half_closed_connection_gets_its_answers(served: Served) -> None:
    with served.raw() as raw:
        raw.send(b'{"id": 1, "method": "info"}\n{"id": 2, "method": "queues"}')
        raw.socket.shutdown(socket.SHUT_WR)
        assert raw.answer()["id"] == 1
        assert raw.answer()["id"] == 2  # without a line end, too
        assert raw.closed()
    alive(served)


def test_a_connection_that_is_dropped_in_the_middle_harms_nobody(served: Served) -> None:
    for _ in range(50):
        with served.raw() as raw:
            raw.send(b'{"id": 1, "method": "watch", "since": 0}\n{"id": 2, "method": "inf')
    alive(served)


def test_five_hundred_clients_are_served(served: Served) -> None:
    with ExitStack() as stack:
        clients = [stack.enter_context(served.client()) for _ in range(500)]
        waiting = [client.submit_later(SPEC) for client in clients]
        for client in clients:
            client._send()
        ids = {entry.result() for entry in waiting}
        assert len(ids) == 500
        assert len(served.server._sessions) == 500
    alive(served)


def test_one_client_too_many_is_told(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fluxion_py.server.server.MAX_CLIENTS", 3)
    assert MAX_CLIENTS == 1000
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(served.client()).call("info")
        raw = stack.enter_context(served.raw())
        assert raw.answer()["error"]["message"] == "there are 3 clients already; try again later"
        assert raw.closed()


def test_a_client_that_takes_nothing_blocks_nobody_and_is_cut_off(tmp_path: Path) -> None:
    served = Served(tmp_path, cut_off_after=0.5)
    try:
        with served.client() as client:
            list(client.submit_many({"jobspec": SPEC} for _ in range(2000)))
            with served.raw() as slow:
                ask = b'{"id": 1, "method": "jobs", "limit": 2000}\n' * 40
                slow.send(ask)  # 40 answers of a megabyte, of which none is read
                for _ in range(20):
                    assert client.call("info")["protocol"] == 1
                assert len(served.server._sessions) == 2
                # It is cut off while others go on: the end of its session is awaited by asking.
                while len(served.server._sessions) == 2:
                    client.call("info")
                assert not slow.closed()  # something of it was still on its way
    finally:
        served.end()


def test_a_slow_watcher_loses_nothing(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "OUTBOX", 4096)
    with served.client() as slow, served.client() as client:
        watch = slow.watch()
        ids = list(client.submit_many({"jobspec": SPEC} for _ in range(3000)))
        # Only now does it look: most of it is not in any outbox any more.
        seen: list[int] = []
        while len(seen) < 3000:
            found = watch.next(60)
            assert found is not None
            if found[1]["name"] == "submit":
                seen.append(found[1]["jobid"])
        assert seen == ids


def test_only_its_owner_may_use_an_instance(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (served.path.stat().st_mode & 0o777) == 0o600
    monkeypatch.setattr(session_module, "_peer", lambda connection: 12345)
    with served.raw() as raw:
        assert raw.answer()["error"]["message"] == "this instance belongs to another user"
        assert raw.closed()
