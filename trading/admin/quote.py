"""Quotes in the admin: what the market says now."""

from django.contrib import admin

from trading.admin.columns import exacts, moment, moneys
from trading.admin.read_only import ReadOnlyAdmin
from trading.models import Quote


@admin.register(Quote)
class QuoteAdmin(ReadOnlyAdmin):
    """The newest prices; the market process overwrites them."""

    list_display = (
        "instrument",
        *moneys(Quote, "bid", "ask", "last", "mark"),
        *exacts(Quote, "volume"),
        "source",
        moment(Quote, "market_time"),
        moment(Quote, "updated_at"),
    )
    list_filter = ("source",)
    list_select_related = ("instrument",)
    search_fields = ("instrument__symbol", "instrument__name")
    ordering = ("instrument__symbol",)
    fields = (
        "instrument",
        *moneys(Quote, "bid", "ask", "last", "mark"),
        *moneys(Quote, "open", "high", "low", "previous_close"),
        *exacts(Quote, "bid_size", "ask_size", "volume"),
        moment(Quote, "market_time"),
        moment(Quote, "updated_at"),
        "source",
    )
