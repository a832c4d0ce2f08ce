"""The routes for people and monitors, behind the verbs for kube-scheduler."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, HTTPException, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from fluxion_extender.api import metrics
from fluxion_extender.api.verbs import Application, Verbs
from fluxion_extender.service import NotReadyError, Service
from fluxion_py.errors import FluxionError

MAX_NAME = 253


def make_app(service: Service, prefix: str = "/fluence") -> Application:
    """Return the application; `prefix` is that of the four verbs."""
    app = FastAPI(title="fluence", docs_url=None, redoc_url=None)
    _add_human_routes(app, service)
    return Verbs(service, app, prefix)


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
