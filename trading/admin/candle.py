"""Candles in the admin: the market's history."""

from django.contrib import admin

from trading.admin.columns import exacts, moment, moneys
from trading.admin.read_only import ReadOnlyAdmin
from trading.models import Candle

PRICES = moneys(Candle, "open", "high", "low", "close")


@admin.register(Candle)
class CandleAdmin(ReadOnlyAdmin):
    """Prices by interval; the market process writes them."""

    list_display = ("instrument", "interval", moment(Candle, "start"), *PRICES, *exacts(Candle, "volume"))
    list_filter = ("interval", "instrument")
    list_select_related = ("instrument",)
    search_fields = ("instrument__symbol",)
    date_hierarchy = "start"
    ordering = ("-id",)
    fields = ("instrument", "interval", "start", *PRICES, *exacts(Candle, "volume"))
