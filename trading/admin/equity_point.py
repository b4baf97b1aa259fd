"""Equity points in the admin: shown only."""

from django.contrib import admin

from trading.admin.columns import account, moment, moneys
from trading.admin.read_only import ReadOnlyAdmin
from trading.models import EquityPoint


@admin.register(EquityPoint)
class EquityPointAdmin(ReadOnlyAdmin):
    """What accounts were worth; written by the market, and forgotten by it."""

    list_display = ("id", account, "interval", *moneys(EquityPoint, "equity"), moment(EquityPoint, "at"))
    list_filter = ("interval", "account__robot")
    list_select_related = ("account__user",)
    search_fields = ("account__name", "account__user__username")
    ordering = ("-id",)
    fields = ("account", "interval", *moneys(EquityPoint, "equity"), moment(EquityPoint, "at"))
