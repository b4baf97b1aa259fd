"""The dashboard: everything a trader has, rendered with current data and kept live by dashboard.js."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from pushers import read
from trading.pages.chart import CHART_LABELS, chart_panel
from trading.pages.documents import panels
from trading.pages.labels import LABELS
from trading.pages.market_panel import market_panel
from trading.pages.order_preview import ticket_of
from trading.pages.trader import trader, trader_page

FEEDS = ("balance", "positions", "pnl", "orders", "fills")


@require_safe
@trader_page
def dashboard(request: HttpRequest) -> HttpResponse:
    """Render the signed-in trader's dashboard, with the ticket filled in as the address says."""
    user = trader(request)
    form, facts = ticket_of(user, request.GET.dict())
    market = market_panel()
    context = {
        "feeds": FEEDS,
        "panels": panels(read(user.pk, FEEDS)),
        "market": market,
        "chart": chart_panel(market, request.GET.get("symbol")),
        "ticket": form,
        "facts": facts,
        "labels": {**LABELS, **CHART_LABELS},
    }
    return render(request, "trading/dashboard.html", context)
