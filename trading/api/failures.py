"""Which problem each exception becomes."""

import logging
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from trading.api.problems import ProblemError, problem_response
from trading.errors import TradingError

logger = logging.getLogger(__name__)


def add_failures(api: NinjaAPI) -> None:
    """Make `api` answer every exception with a problem."""
    for exception, handler in {
        ProblemError: _problem,
        TradingError: _refusal,
        ValidationError: _invalid,
        AuthenticationError: _not_signed_in,
        HttpError: _http_error,
        Http404: _not_found,
        RequestDataTooBig: _too_large,
        SuspiciousOperation: _suspicious,
        OperationalError: _database_away,
        InterfaceError: _database_away,
        Exception: _unexpected,
    }.items():
        api.add_exception_handler(exception, handler)


def _problem(request: HttpRequest, error: Any) -> HttpResponse:
    return problem_response(request, error.code, error.detail, **error.members)


def _refusal(request: HttpRequest, error: Any) -> HttpResponse:
    return problem_response(request, error.code, error.message)


def _invalid(request: HttpRequest, error: Any) -> HttpResponse:
    found = [_finding(finding) for finding in error.errors]
    detail = "; ".join(
        f"{finding['name']}: {finding['message']}" if finding["name"] else finding["message"] for finding in found
    )
    return problem_response(request, "invalid_request", detail, errors=found)


def _finding(error: Mapping[str, Any]) -> dict[str, str]:
    """Say where one value is and what is wrong with it."""
    place, *path = error["loc"]
    # The body's first step is the name of the view's argument, which means nothing to the client.
    return {
        "in": place,
        "name": ".".join(str(step) for step in (path[1:] if place == "body" else path)),
        "code": error["type"],
        "message": error["msg"],
    }


def _not_signed_in(request: HttpRequest, error: Any) -> HttpResponse:
    return problem_response(request, "not_signed_in")


def _http_error(request: HttpRequest, error: Any) -> HttpResponse:
    if isinstance(error.__cause__, ProblemError):  # of our parser
        return _problem(request, error.__cause__)
    return problem_response(request, "bad_request", str(error))


def _not_found(request: HttpRequest, error: Any) -> HttpResponse:
    return problem_response(request, "not_found", _("There is no %(path)s.") % {"path": request.path})


def _too_large(request: HttpRequest, error: Any) -> HttpResponse:
    return problem_response(request, "body_too_large")


def _suspicious(request: HttpRequest, error: Any) -> HttpResponse:
    return problem_response(request, "bad_request")


def _database_away(request: HttpRequest, error: Any) -> HttpResponse:
    logger.error("%s %s: the database does not answer: %s", request.method, request.path, error)
    return problem_response(request, "unavailable")


def _unexpected(request: HttpRequest, error: Any) -> HttpResponse:
    logger.error("%s %s failed", request.method, request.path, exc_info=error)
    return problem_response(request, "internal_error")
