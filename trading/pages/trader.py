"""Who looks at a page: the signed-in trader, in his own time zone and number format."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from trading.models import User
from trading.pages.number_format import number_format

View = Callable[..., HttpResponseBase]


def trader_page(view: View) -> View:
    """Show a page to signed-in traders only, uncached, with times in the trader's zone and numbers in his format.

    Who is not signed in is sent to the sign-in page; the page's script, which can't follow there, is told by a 401.
    """

    @wraps(view)
    def in_his_way(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = trader(request)
        with timezone.override(user.time_zone), number_format(user.number_format):
            return view(request, *args, **kwargs)

    @never_cache  # the numbers are a trader's own, and old ones must not come back with the browser's back button
    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if wants_json(request) and not request.user.is_authenticated:
            answer = {"ok": False, "message": _("You are signed out."), "code": "signed_out"}
            return JsonResponse(answer, status=401)
        return login_required(in_his_way)(request, *args, **kwargs)

    return checked


def trader(request: HttpRequest) -> User:
    """Return the user of a page that `trader_page` guards."""
    assert isinstance(request.user, User)
    return request.user


def wants_json(request: HttpRequest) -> bool:
    """Say whether the page's script asks, and not a browser that goes to another page."""
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"
