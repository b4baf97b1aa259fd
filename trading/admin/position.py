"""Positions in the admin: shown only."""

from django.contrib import admin

from trading.admin.columns import account, exacts, moment, moneys
from trading.admin.csv_export import csv_export
from trading.admin.read_only import ReadOnlyAdmin
from trading.models import Position


@admin.register(Position)
class PositionAdmin(ReadOnlyAdmin):
    """What accounts hold; fills make positions, nobody types them."""

    list_display = (
        account,
        "instrument",
        *exacts(Position, "signed_amount"),
        *moneys(Position, "open_cost"),
        "leverage",
        *moneys(Position, "margin", "realized_pnl", "fees"),
        moment(Position, "updated_at"),
    )
    list_filter = (("opened_at", admin.EmptyFieldListFilter), "instrument", "account__robot")
    list_select_related = ("account__user", "instrument")
    search_fields = ("account__name", "account__user__username", "instrument__symbol")
    ordering = ("-id",)
    actions = (
        csv_export(
            "id", "account__user__username", "account__name", "instrument__symbol", "signed_amount", "open_cost",
            "leverage", "margin", "realized_pnl", "fees", "take_profit", "stop_loss", "opened_at", "updated_at",
        ),
    )  # fmt: skip
    fields = (
        "account",
        "instrument",
        *exacts(Position, "signed_amount"),
        *moneys(Position, "open_cost"),
        "leverage",
        *moneys(Position, "margin", "realized_pnl", "fees", "take_profit", "stop_loss"),
        moment(Position, "opened_at"),
        moment(Position, "updated_at"),
    )
