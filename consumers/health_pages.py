"""What a load balancer, an orchestrator and Prometheus ask a web process."""

import asyncio
from http import HTTPStatus

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from consumers.readiness import Readiness
from pushers.metrics_server import is_loopback, metrics_settings

# Whoever sends one of these is a proxy, and its loopback address says nothing about who asks.
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via")


@require_safe
async def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200: the process is alive and its event loop turns. Asks nobody."""
    return _kept_nowhere(JsonResponse({"alive": True}))


@require_safe
async def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 where this process can serve, 503 where not, with what is wrong by check."""
    problems = await Readiness.current().check()
    ready = not any(problems.values())
    checks = {name: {"ok": not problem, **({"why": problem} if problem else {})} for name, problem in problems.items()}
    status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
    return _kept_nowhere(JsonResponse({"ready": ready, "checks": checks}, status=status))


@require_safe
async def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with this process's metrics whom they are meant for; for all others there is no such page."""
    if not _may_read_metrics(request):
        raise Http404
    return _kept_nowhere(HttpResponse(await asyncio.to_thread(generate_latest), content_type=CONTENT_TYPE_LATEST))


def _may_read_metrics(request: HttpRequest) -> bool:
    token = metrics_settings().TOKEN
    if (given := request.headers.get("Authorization")) is not None:
        return bool(token) and constant_time_compare(given, f"Bearer {token}")
    return is_loopback(request.META.get("REMOTE_ADDR") or "") and not any(name in request.headers for name in FORWARDED)


def _kept_nowhere(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response
