"""What a trader sees, live, for operators: read-only, over the same push path as his own page."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from trading.models import User

# The words of the wire that the page's script may show.
LABEL_KEYS = (
    *("buy", "sell", "long", "short", "market", "limit", "stop_market", "stop_limit"),
    *("pusher_down", "fetch_failed", "market_stale", "feed_off", "disconnected", "refused"),
    *("state-live", "state-connecting", "state-reconnecting", "state-signed-out", "state-closed"),
)
FEEDS = ("balance", "positions", "pnl", "orders", "fills")


def live_state(modeladmin: Any, request: HttpRequest, pk: int) -> TemplateResponse:
    """Render the page; its socket brings the figures, checks the permission itself, and is noted in the audit trail."""
    if not request.user.has_perm("trading.watch_user"):
        raise PermissionDenied
    user = User.objects.filter(pk=pk).first()
    if user is None:
        raise Http404
    context = {
        **modeladmin.admin_site.each_context(request),
        "title": _("Live state of %(user)s") % {"user": user.get_username()},
        "opts": modeladmin.model._meta,
        "watched": user,
        "user_url": reverse("admin:trading_user_change", args=[user.pk]),
        "socket": f"/ws/watch/{user.pk}/",
        "feeds": FEEDS,
        "label_keys": LABEL_KEYS,
    }
    return TemplateResponse(request, "admin/trading/user/live.html", context)
