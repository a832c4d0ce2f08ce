"""The messages as kube-scheduler 1.36.2 sent them, through the real routes."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest

from fluxion_extender.api.app import make_app
from fluxion_extender.decisions.scheduler import Verdict
from fluxion_extender.objects.pod import Pod
from fluxion_extender.service import NotReadyError, Service
from tests.conftest import require_shared


class Answers(Service):
    """A service that answers without a cluster, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.ready = True
        self.verdict = Verdict(["n2"])

    def filter(self, pod: Pod, names: Any) -> Verdict:  # noqa: ANN401
        if not self.ready:
            raise NotReadyError("not ready")
        self.asked.append((pod.metadata.name, list(names)))
        return self.verdict

    def prioritize(self, pod: Pod, names: Any) -> list[tuple[str, int]]:  # noqa: ANN401
        return [(name, 10 * (name == "n2")) for name in names]

    def bind(self, namespace: str, name: str, uid: str, node: str) -> str:
        self.asked.append((namespace, name, uid, node))
        return ""

    def preempt(self, pod: Pod, victims: dict[str, list[str]]) -> list[str]:
        self.asked.append((pod.metadata.name, victims))
        return ["n1"]


@pytest.fixture
def answers() -> Answers:
    return Answers()


class Client:
    """Requests to the application, without a socket."""

    def __init__(self, service: Service) -> None:
        self._app = make_app(service)

    def post(self, path: str, **body: Any) -> httpx.Response:  # noqa: ANN401
        return asyncio.run(self._ask("POST", path, body))

    def get(self, path: str) -> httpx.Response:
        return asyncio.run(self._ask("GET", path, {}))

    async def _ask(self, method: str, path: str, body: dict[str, Any]) -> httpx.Response:
        transport = httpx.ASGITransport(self._app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.request(method, path, **body)


@pytest.fixture
def client(answers: Answers) -> Client:
    return Client(answers)


@pytest.fixture(scope="module")
def samples() -> list[dict[str, Any]]:
    path = require_shared("kubernetes") / "wire-samples.json"
    found: list[dict[str, Any]] = json.loads(path.read_text())
    return found


def test_filter_with_names(client: Client, answers: Answers, samples: list[dict[str, Any]]) -> None:
    reply = client.post("/fluence/filter", json=samples[0]["body"])
    assert reply.json() == {
        "NodeNames": ["n2"],
        "FailedNodes": {},
        "FailedAndUnresolvableNodes": {},
        "Error": "",
    }
    assert answers.asked == [("e1", ["n0", "n1", "n2", "n3"])]


def test_a_refusal_names_every_node_with_one_text(
    client: Client, answers: Answers, samples: list[dict[str, Any]]
) -> None:
    answers.verdict = Verdict(reason="group g waits")
    reply = client.post("/fluence/filter", json=samples[0]["body"]).json()
    assert reply["NodeNames"] == []
    names = [f"n{i}" for i in range(4)]
    assert reply["FailedAndUnresolvableNodes"] == dict.fromkeys(names, "group g waits")


def test_filter_with_whole_nodes(
    client: Client, answers: Answers, samples: list[dict[str, Any]]
) -> None:
    body = next(s["body"] for s in samples if s["body"].get("Nodes"))
    assert client.post("/fluence/filter", json=body).status_code == 200
    names = answers.asked[0][1]
    assert names == [item["metadata"]["name"] for item in body["Nodes"]["items"]]


def test_prioritize_is_a_bare_list_of_whole_scores(
    client: Client, samples: list[dict[str, Any]]
) -> None:
    reply = client.post("/fluence/prioritize", json=samples[1]["body"]).json()
    assert reply == [{"Host": f"n{i}", "Score": 10 * (i == 2)} for i in range(4)]


def test_bind(client: Client, answers: Answers, samples: list[dict[str, Any]]) -> None:
    assert client.post("/fluence/bind", json=samples[2]["body"]).json() == {"Error": ""}
    assert answers.asked[0][0::3] == ("default", "n2")


def test_preempt_answers_with_the_victims_of_the_kept_nodes(
    client: Client, samples: list[dict[str, Any]]
) -> None:
    body = next(s["body"] for s in samples if "NodeNameToMetaVictims" in s["body"])
    reply = client.post("/fluence/preempt", json=body).json()
    assert reply == {"NodeNameToMetaVictims": {"n1": body["NodeNameToMetaVictims"]["n1"]}}


def test_before_it_is_ready_every_verb_is_503(client: Client, answers: Answers) -> None:
    answers.ready = False
    body = {"Pod": {"metadata": {"name": "a"}}, "NodeNames": None}
    assert client.post("/fluence/filter", json=body).status_code == 503
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").text == "ok"


@pytest.mark.parametrize("verb", ["filter", "prioritize", "bind", "preempt"])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"Pod": 1}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"Pod": {"metadata": []}}',
    ],
)
def test_what_is_no_message_is_400_and_asks_nobody(
    client: Client, answers: Answers, verb: str, body: bytes
) -> None:
    reply = client.post(f"/fluence/{verb}", content=body)
    assert reply.status_code == 400
    assert list(reply.json()) == ["Error"]
    assert answers.asked == []


def test_lists_that_are_null_or_missing_are_empty(client: Client, answers: Answers) -> None:
    bodies: list[dict[str, Any]] = [
        {"Pod": {"metadata": {}}},
        {"Pod": {"metadata": {}}, "NodeNames": None},
    ]
    for body in bodies:
        assert client.post("/fluence/filter", json=body).status_code == 200
    assert [names for _, names in answers.asked] == [[], []]


def test_a_body_that_is_too_long_is_413(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fluxion_extender.api.wire.MAX_BODY", 10)
    assert client.post("/fluence/filter", content=b"x" * 11).status_code == 413

    async def chunks() -> AsyncIterator[bytes]:
        yield b"x" * 6
        yield b"x" * 6

    assert client.post("/fluence/filter", content=chunks()).status_code == 413


def test_the_schema_has_the_human_endpoints_only(client: Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert sorted(paths) == [
        "/explain/{namespace}/{pod}",
        "/healthz",
        "/metrics",
        "/readyz",
        "/status",
    ]


def test_the_structs_keep_the_names_of_the_wire() -> None:
    from fluxion_extender.api import wire

    names = {
        field.encode_name
        for struct in (wire.ExtenderFilterResult, wire.ExtenderBindingArgs, wire.HostPriority)
        for field in msgspec.structs.fields(struct)
    }
    assert names == {
        "NodeNames", "FailedNodes", "FailedAndUnresolvableNodes", "Error",
        "PodName", "PodNamespace", "PodUID", "Node", "Host", "Score",
    }  # fmt: skip
