"""Placing and canceling orders: a redirect with a message for a form, JSON for the page's script."""

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


@require_POST
@login_required
def order_place(request: HttpRequest) -> HttpResponse:
    """Place a market order from the posted form."""
    user = request.user
    assert isinstance(user, User)
    form = OrderForm(user, request.POST)
    if not form.is_valid():
        return _answer(request, False, _first_error(form))
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
        return _answer(request, False, error.message)
    return _answer(request, order.status != OrderStatus.REJECTED, _outcome(order, data["symbol"].symbol))


@require_POST
@login_required
def order_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Cancel one of the trader's own orders; anybody else's does not exist for him."""
    order = get_object_or_404(Order.objects.select_related("account"), pk=pk, account__user=request.user)
    try:
        services.order_cancel(order=order)
    except TradingError as error:
        return _answer(request, False, error.message)
    return _answer(request, True, _("Order %(id)s is canceled.") % {"id": pk})


def _answer(request: HttpRequest, ok: bool, message: str) -> HttpResponse:
    """Answer the page's script in JSON, with 422 for what was refused; anybody else by a redirect to the dashboard."""
    if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        return JsonResponse({"ok": ok, "message": message}, status=200 if ok else 422)
    messages.add_message(request, messages.SUCCESS if ok else messages.ERROR, message)
    return HttpResponseRedirect(reverse("dashboard"))


def _first_error(form: OrderForm) -> str:
    name, errors = next(iter(form.errors.items()))
    field = form.fields.get(name)
    return f"{field.label}: {errors[0]}" if field else str(errors[0])


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
