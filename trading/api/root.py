"""The API as a whole: its routers, its errors, its documentation and its URLs."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import re_path
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI, Swagger

from trading.api.auth import READ
from trading.api.bodies import StrictParser
from trading.api.failures import add_failures
from trading.api.openapi import DESCRIPTION, add_problems, drop_null_parameters
from trading.api.problems import problem_response
from trading.api.routers import accounts, history, market, orders, pnl, positions, problems, summaries, tokens

View = Callable[..., HttpResponse]
ROUTERS = (accounts, pnl, positions, orders, history, summaries, market, tokens, problems)


class TradingAPI(NinjaAPI):
    """A NinjaAPI that answers with problems where Ninja or Django would answer with a page of their own."""

    def get_openapi_schema(self, **options: Any) -> Any:
        """Return the OpenAPI document, with the problems."""
        document = super().get_openapi_schema(**options)
        drop_null_parameters(document)
        add_problems(document)
        return document

    @property
    def urls(self) -> tuple[list[Any], str, str]:
        """The URLs; whatever no operation has is a problem too."""
        patterns, app, namespace = super().urls
        found: list[Any] = [*patterns, re_path("", _not_found)]
        for pattern in found:
            pattern.callback = _with_problems(pattern.callback)
        return found, app, namespace

    def get_openapi_operation_id(self, operation: Any) -> str:
        """Return the operation's name: that of its view."""
        name: str = operation.view_func.__name__
        return name


def _with_problems(view: View) -> View:
    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            response = view(request, *args, **kwargs)
        except Http404:  # Ninja's view of the root, which is there for its name only
            response = _not_found(request)
        if isinstance(response, HttpResponseNotAllowed):
            allowed = response["Allow"]
            message = _("Expected one of %(allowed)s; found %(method)s.")
            response = problem_response(
                request, "method_not_allowed", message % {"allowed": allowed, "method": request.method}
            )
            response["Allow"] = allowed
        response.headers.setdefault("Cache-Control", "no-store")  # the numbers are a trader's own, and of this moment
        return response

    return answered


@csrf_exempt  # a path that is not there is so for every method: the middleware would answer with a page before
def _not_found(request: HttpRequest) -> HttpResponse:
    return problem_response(request, "not_found", _("There is no %(path)s.") % {"path": request.path})


def make_api() -> TradingAPI:
    """Return the API with all its operations."""
    made = TradingAPI(
        title="Trading API",
        version="1",
        description=DESCRIPTION,
        urls_namespace="api",
        auth=READ,
        parser=StrictParser(),
        # No request leaves for another host: the page's files are our own static ones, and no validator is asked.
        docs=Swagger(settings={"validatorUrl": None, "tryItOutEnabled": True}),
    )
    add_failures(made)
    for module in ROUTERS:
        made.add_router("", module.router)
    return made


api = make_api()
