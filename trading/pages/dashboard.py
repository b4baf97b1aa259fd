"""The dashboard: everything a trader has, rendered with current data and kept live by dashboard.js."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from pushers import read
from trading.models import User
from trading.pages.documents import panels
from trading.pages.labels import LABELS
from trading.pages.market_panel import market_panel
from trading.pages.order_form import OrderForm

FEEDS = ("balance", "positions", "pnl", "orders", "fills")


@require_safe
@never_cache  # the numbers are a trader's own, and old ones must not come back with the browser's back button
@login_required
def dashboard(request: HttpRequest) -> HttpResponse:
    """Render the signed-in trader's dashboard."""
    user = request.user
    assert isinstance(user, User)
    market = market_panel()
    context = {
        "feeds": FEEDS,
        "panels": panels(read(user.pk, FEEDS)),
        "market": market,
        "order_form": OrderForm(user),
        "labels": LABELS,
    }
    with timezone.override(user.time_zone):
        return render(request, "trading/dashboard.html", context)
