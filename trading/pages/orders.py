"""Placing and canceling orders: a redirect with a message for a form, JSON for the page's script.

The JSON is {"ok", "message"}, with the stable "code" of a refusal, which is an answer like any other: status 200.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from trading import services
from trading.errors import TradingError
from trading.models import Order, OrderStatus, Side, User
from trading.pages.order_form import OrderForm
from trading.templatetags.figures import format_value

View = Callable[..., HttpResponse]


def _signed_in(view: View) -> View:
    """Send who is not signed in to the sign-in page; tell the page's script, which can't follow there, by a 401."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if _wants_json(request) and not request.user.is_authenticated:
            answer = {"ok": False, "message": _("You are signed out."), "code": "signed_out"}
            return JsonResponse(answer, status=401)
        return login_required(view)(request, *args, **kwargs)

    return checked


@require_POST
@_signed_in
def order_place(request: HttpRequest) -> HttpResponse:
    """Place a market order from the posted form."""
    user = request.user
    assert isinstance(user, User)
    form = OrderForm(user, request.POST)
    if not form.is_valid():
        return _refusal(request, *_first_error(form))
    data = form.cleaned_data
    try:
        order = services.order_place(
            account=data["account"],
            symbol=data["symbol"].symbol,
            side=data["side"],
            type=Order.Type.MARKET,
            amount=data["amount"],
        )
    except TradingError as error:
        return _refusal(request, error.code, error.message)
    if order.status == OrderStatus.REJECTED:
        return _refusal(request, order.reject_reason, _outcome(order, data["symbol"].symbol))
    return _success(request, _outcome(order, data["symbol"].symbol))


@require_POST
@_signed_in
def order_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Cancel one of the trader's own orders; anybody else's does not exist for him."""
    order = get_object_or_404(Order.objects.select_related("account"), pk=pk, account__user=request.user)
    try:
        services.order_cancel(order=order)
    except TradingError as error:
        return _refusal(request, error.code, error.message)
    return _success(request, _("Order %(id)s is canceled.") % {"id": pk})


def _success(request: HttpRequest, message: str) -> HttpResponse:
    return _answer(request, messages.SUCCESS, {"ok": True, "message": message})


def _refusal(request: HttpRequest, code: str, message: str) -> HttpResponse:
    return _answer(request, messages.ERROR, {"ok": False, "message": message, "code": code})


def _answer(request: HttpRequest, level: int, answer: dict[str, Any]) -> HttpResponse:
    if _wants_json(request):
        return JsonResponse(answer)
    messages.add_message(request, level, answer["message"])
    return HttpResponseRedirect(reverse("dashboard"))


def _wants_json(request: HttpRequest) -> bool:
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def _first_error(form: OrderForm) -> tuple[str, str]:
    """Return the code and the message of the form's first error."""
    name, errors = next(iter(form.errors.items()))
    field = form.fields.get(name)
    return f"invalid_{name}", f"{field.label}: {errors[0]}" if field else str(errors[0])


def _outcome(order: Order, symbol: str) -> str:
    """Say what became of the order, in words."""
    if order.status != OrderStatus.FILLED:
        return _("Order %(id)s: %(status)s.") % {"id": order.pk, "status": order.get_status_display()}
    words = {
        "amount": format_value("amount", order.filled),
        "symbol": symbol,
        "price": format_value("price", order.average),
    }
    if order.side == Side.BUY:
        return _("Bought %(amount)s %(symbol)s at %(price)s.") % words
    return _("Sold %(amount)s %(symbol)s at %(price)s.") % words
