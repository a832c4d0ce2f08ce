"""The routes. The four verbs read the raw body and answer in one write."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from fluxion_extender.api import metrics, wire
from fluxion_extender.service import NotReadyError, Service
from fluxion_py.errors import FluxionError, InputError

VERBS = ("filter", "prioritize", "preempt", "bind")
THREADS = 24
MAX_NAME = 253

Answer = Callable[[bytes], bytes]


def make_app(service: Service, prefix: str = "/fluence") -> FastAPI:
    """Return the application; `prefix` is that of the four verbs."""
    app = FastAPI(title="fluence", docs_url=None, redoc_url=None)
    threads = ThreadPoolExecutor(THREADS, thread_name_prefix="verb")
    answers: dict[str, Answer] = {
        "filter": lambda body: _filter(service, body),
        "prioritize": lambda body: _prioritize(service, body),
        "preempt": lambda body: _preempt(service, body),
        "bind": lambda body: _bind(service, body),
    }
    for verb in VERBS:
        route = _route(answers[verb], threads)
        app.add_api_route(
            f"{prefix}/{verb}", route, methods=["POST"], include_in_schema=False, name=verb
        )
    _add_human_routes(app, service)
    return app


def _route(answer: Answer, threads: ThreadPoolExecutor) -> Callable[[Request], Awaitable[Response]]:
    async def route(request: Request) -> Response:
        body = await _body(request)
        if body is None:
            return _fault(413, f"a body of more than {wire.MAX_BODY} bytes")
        try:
            loop = asyncio.get_running_loop()
            reply = await loop.run_in_executor(threads, answer, body)
        except NotReadyError:
            return _fault(503, "not ready")
        except InputError as error:
            return _fault(400, str(error))
        return Response(reply, media_type="application/json")

    return route


async def _body(request: Request) -> bytes | None:
    """Return the body, None if it is too long; a length that is a lie is found out."""
    if int(request.headers.get("content-length") or 0) > wire.MAX_BODY:
        return None
    chunks = []
    length = 0
    async for chunk in request.stream():
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


def _add_human_routes(app: FastAPI, service: Service) -> None:
    @app.get("/healthz", response_class=PlainTextResponse, summary="Whether the process lives")
    async def healthz() -> str:
        return "ok"

    @app.get(
        "/readyz",
        response_class=PlainTextResponse,
        summary="Whether it knows the cluster and leads",
        responses={503: {"description": "not yet"}},
    )
    async def readyz() -> Response:
        return PlainTextResponse(
            "ok" if service.ready else "not ready", 200 if service.ready else 503
        )

    @app.get("/metrics", response_class=PlainTextResponse, summary="Numbers for Prometheus")
    def get_metrics() -> str:
        return metrics.render(service.counts, service.gauges())

    @app.get(
        "/status",
        summary="All groups and what became of them",
        responses={503: {"description": "not ready"}},
    )
    def get_status() -> JSONResponse:
        return _answered(service.status)

    @app.get(
        "/explain/{namespace}/{pod}",
        summary="Why a pod waits, or where it is planned",
        responses={404: {"description": "no such pod"}, 503: {"description": "not ready"}},
    )
    def get_explain(namespace: str, pod: str) -> JSONResponse:
        if len(namespace) > MAX_NAME or len(pod) > MAX_NAME:
            raise HTTPException(404, "no such pod")
        return _answered(lambda: service.explain(namespace, pod))


def _answered(ask: Callable[[], Any]) -> JSONResponse:
    try:
        return JSONResponse(ask())
    except NotReadyError:
        raise HTTPException(503, "not ready") from None
    except FluxionError as error:
        raise HTTPException(404, str(error)) from None


def _fault(status: int, text: str) -> Response:
    return JSONResponse({"Error": text}, status)
