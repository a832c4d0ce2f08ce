"""The four verbs of kube-scheduler, as an ASGI application in front of that for people.

kube-scheduler waits for one filter call at a time: the layers of a web framework would take as long
as the answer itself.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

from fluxion_extender.api import wire
from fluxion_extender.service import NotReadyError, Service
from fluxion_py.errors import InputError

THREADS = 24

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]
Answer = Callable[[Service, bytes], bytes]


class Verbs:
    """The application: paths below `prefix` are verbs, all else is for `others`."""

    def __init__(self, service: Service, others: Application, prefix: str) -> None:
        self._service = service
        self._others = others
        self._answers: dict[str, Answer] = {
            f"{prefix}/filter": _filter,
            f"{prefix}/prioritize": _prioritize,
            f"{prefix}/preempt": _preempt,
            f"{prefix}/bind": _bind,
        }
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="verb")

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        answer = self._answers.get(scope["path"]) if scope["type"] == "http" else None
        if answer is None:
            await self._others(scope, receive, send)
            return
        status, reply = await self._reply(answer, scope, receive)
        length = str(len(reply)).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", length)]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": reply})

    async def _reply(self, answer: Answer, scope: Message, receive: Receive) -> tuple[int, bytes]:
        if scope["method"] != "POST":
            return 405, _fault("POST is wanted")
        body = await _body(scope, receive)
        if body is None:
            return 413, _fault(f"a body of more than {wire.MAX_BODY} bytes")
        try:
            loop = asyncio.get_running_loop()
            return 200, await loop.run_in_executor(self._threads, answer, self._service, body)
        except NotReadyError:
            return 503, _fault("not ready")
        except InputError as error:
            return 400, _fault(str(error))


async def _body(scope: Message, receive: Receive) -> bytes | None:
    """Return the body, None if it is too long; a length that is a lie is found out."""
    for name, value in scope["headers"]:
        if name == b"content-length" and int(value) > wire.MAX_BODY:
            return None
    chunks: list[bytes] = []
    length = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        chunk = message.get("body", b"")
        more = message.get("more_body", False)
        length += len(chunk)
        if length > wire.MAX_BODY:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def _filter(service: Service, body: bytes) -> bytes:
    pod, names = wire.read_args(body)
    verdict = service.filter(pod, names)
    if not verdict.nodes:
        failed = dict.fromkeys(names, verdict.reason)
        return wire.encode(wire.ExtenderFilterResult([], FailedAndUnresolvableNodes=failed))
    return wire.encode(wire.ExtenderFilterResult(list(verdict.nodes)))


def _prioritize(service: Service, body: bytes) -> bytes:
    pod, names = wire.read_args(body)
    scores = service.prioritize(pod, names)
    return wire.encode([wire.HostPriority(name, score) for name, score in scores])


def _bind(service: Service, body: bytes) -> bytes:
    args = wire.read_binding(body)
    wrong = service.bind(args.PodNamespace, args.PodName, args.PodUID, args.Node)
    return wire.encode(wire.ExtenderBindingResult(wrong))


def _preempt(service: Service, body: bytes) -> bytes:
    args = wire.read_preemption(body)
    victims = args.victims()
    uids = {node: [pod.UID for pod in each.Pods or ()] for node, each in victims.items()}
    kept = service.preempt(args.Pod, uids)
    return wire.encode(wire.ExtenderPreemptionResult({node: victims[node] for node in kept}))


def _fault(text: str) -> bytes:
    return msgspec.json.encode({"Error": text})
