"""The ticket's order: previewing and placing it, and the page of an order."""

from urllib.parse import urlencode
from uuid import uuid4

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from trading import services
from trading.errors import TradingError
from trading.models import Order, OrderStatus
from trading.pages.answers import first_error, refusal, success
from trading.pages.history_rows import OrderFill, order_row
from trading.pages.order_form import OrderForm
from trading.pages.order_preview import ticket_facts
from trading.pages.outcomes import error_text, outcome
from trading.pages.trader import trader, trader_page, wants_json
from trading.selectors.history import HistoryFilter, order_history
from trading.wire_rows import fill_figures

TICKET_FIELDS = set(OrderForm.base_fields) - {"client_order_id"}


@require_POST
@trader_page
def order_place(request: HttpRequest) -> HttpResponse:
    """Place the posted order; a refused one leads back to the ticket as it was filled in.

    Each ticket carries an id of its own: sent twice, it is the same order. The answer brings the script the next one.
    """
    form = OrderForm(trader(request), request.POST)
    again = {"to": _ticket_address(request), "next_id": uuid4().hex}
    if not form.is_valid():
        return refusal(request, *first_error(form), **again)
    try:
        order = _place(form)
    except TradingError as error:
        return refusal(request, error.code, error_text(error), **again)
    if order.status == OrderStatus.REJECTED:
        return refusal(request, order.reject_reason, outcome(order), **again)
    return success(request, outcome(order), to=reverse("dashboard"), next_id=again["next_id"])


@require_POST
@trader_page
def order_preview(request: HttpRequest) -> HttpResponse:
    """Say what the posted order would cost: beside the ticket for the script, otherwise on the page."""
    if not wants_json(request):
        return HttpResponseRedirect(_ticket_address(request))
    form = OrderForm(trader(request), request.POST)
    facts = ticket_facts(form, asked=bool(request.POST.get("amount", "").strip()))
    html = render_to_string("trading/partials/ticket_facts.html", {"facts": facts}, request)
    return JsonResponse({"ok": True, "html": html, "leverage": facts.leverage})


@require_safe
@trader_page
def order_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one of the trader's own orders with its fills."""
    order = own_order(request, pk)
    wanted = HistoryFilter(account_ids=[order.account_id], symbol=order.instrument.symbol)
    [row] = order_history(wanted, before=pk + 1, limit=1).rows
    fills = order.fills.order_by("-id").values_list(*OrderFill._fields)
    context = {"order": order, "row": order_row(row), "fills": [fill_figures(OrderFill(*fill)) for fill in fills]}
    return render(request, "trading/order.html", context)


def own_order(request: HttpRequest, pk: int) -> Order:
    """Return one of the trader's own orders; anybody else's does not exist for him."""
    orders = Order.objects.select_related("account", "instrument")
    return get_object_or_404(orders, pk=pk, account__user=trader(request))


def _place(form: OrderForm) -> Order:
    """Place the order, with the leverage that the ticket shows; both or, where it is refused, neither."""
    return services.order_place(**form.wanted(), leverage=form.cleaned_data["leverage"])


def _ticket_address(request: HttpRequest) -> str:
    """Return the address of the dashboard with the ticket filled in as it was sent."""
    sent = {name: value for name, value in request.POST.items() if name in TICKET_FIELDS and value}
    return f"{reverse('dashboard')}?{urlencode(sent)}#ticket"
