"""What has become of orders, in words, for the page's script: a feed says that an order has gone, and not why."""

import re

from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from trading.models import Order, OrderOrigin, OrderStatus
from trading.pages.outcomes import outcome
from trading.pages.refusals import refusal_text
from trading.pages.trader import trader, trader_page

ID = re.compile(r"[0-9]{1,19}")  # Python refuses to read thousands of digits
MOST = 100  # orders of one question; the script asks for what changed within a moment
BY_ITSELF = (OrderOrigin.TAKE_PROFIT, OrderOrigin.STOP_LOSS, OrderOrigin.LIQUIDATION)
KINDS: dict[str, str] = {
    OrderStatus.NEW: "open",
    OrderStatus.PARTIALLY_FILLED: "partial",
    OrderStatus.FILLED: "fill",
    OrderStatus.CANCELED: "cancel",
    OrderStatus.REJECTED: "rejection",
    OrderStatus.EXPIRED: "expiry",
}


@require_safe
@trader_page
def order_news(request: HttpRequest) -> JsonResponse:
    """Answer {"ok", "news": [{"id", "kind", "text"}]} for the trader's own orders among the `id`s of the address.

    A kind is open, partial, fill, cancel, rejection, expiry or liquidation. Others' orders do not exist for him.
    """
    ids = [int(text) for text in request.GET.getlist("id")[:MOST] if ID.fullmatch(text)]
    orders = Order.objects.filter(pk__in=[pk for pk in ids if pk < 2**63], account__user=trader(request))
    news = [_news(order) for order in orders.select_related("instrument").order_by("pk")]
    return JsonResponse({"ok": True, "news": news})


def _news(order: Order) -> dict[str, str]:
    liquidation = OrderOrigin.LIQUIDATION in (order.origin, order.reject_reason)
    return {"id": str(order.pk), "kind": "liquidation" if liquidation else KINDS[order.status], "text": _text(order)}


def _text(order: Order) -> str:
    """Say what an order has come to, and who placed or ended it where that was not the trader."""
    if order.origin in BY_ITSELF:
        return _("%(origin)s: %(outcome)s") % {"origin": order.get_origin_display(), "outcome": outcome(order)}
    if order.status != OrderStatus.CANCELED:
        return outcome(order)
    text = _("Order %(id)s is canceled.") % {"id": order.pk}
    return f"{text} {refusal_text(order.reject_reason)}" if order.reject_reason else text
