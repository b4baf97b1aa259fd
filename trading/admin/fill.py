"""Fills in the admin: shown only."""

from django.contrib import admin

from trading.admin.columns import account, exacts, moment, moneys
from trading.admin.csv_export import csv_export
from trading.admin.read_only import ReadOnlyAdmin
from trading.models import Fill


@admin.register(Fill)
class FillAdmin(ReadOnlyAdmin):
    """Executions of orders; they happened and cannot change."""

    list_display = (
        "id",
        account,
        "instrument",
        "side",
        *exacts(Fill, "amount"),
        *moneys(Fill, "price", "fee", "realized_pnl"),
        "taker_or_maker",
        moment(Fill, "created_at"),
    )
    list_filter = ("side", "taker_or_maker", "instrument", "account__robot")
    list_select_related = ("account__user", "instrument")
    search_fields = ("=trade_id", "=order__id", "account__name", "account__user__username", "instrument__symbol")
    date_hierarchy = "created_at"
    actions = (
        csv_export(
            "id", "trade_id", "order_id", "account__user__username", "account__name", "instrument__symbol", "side",
            "amount", "price", "cost", "closed_amount", "fee", "realized_pnl", "taker_or_maker", "created_at",
        ),
    )  # fmt: skip
    ordering = ("-id",)
    fields = (
        "trade_id",
        "order",
        "account",
        "instrument",
        "side",
        *exacts(Fill, "amount", "closed_amount"),
        *moneys(Fill, "price", "cost", "fee", "realized_pnl"),
        "taker_or_maker",
        moment(Fill, "created_at"),
    )
