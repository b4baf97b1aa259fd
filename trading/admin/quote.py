"""Quotes in the admin: what the market says now."""

from django.contrib import admin

from trading.admin.columns import exacts
from trading.admin.read_only import ReadOnlyAdmin
from trading.models import Quote


@admin.register(Quote)
class QuoteAdmin(ReadOnlyAdmin):
    """The newest prices; the market process overwrites them."""

    list_display = (
        "instrument",
        *exacts(Quote, "bid", "ask", "last", "mark", "volume"),
        "source",
        "market_time",
        "updated_at",
    )
    list_filter = ("source",)
    list_select_related = ("instrument",)
    search_fields = ("instrument__symbol", "instrument__name")
    ordering = ("instrument__symbol",)
    fields = (
        "instrument",
        *exacts(Quote, "bid", "bid_size", "ask", "ask_size", "last", "mark"),
        *exacts(Quote, "open", "high", "low", "previous_close", "volume"),
        "market_time",
        "updated_at",
        "source",
    )
