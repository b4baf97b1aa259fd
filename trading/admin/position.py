"""Positions in the admin: shown only."""

from django.contrib import admin

from trading.admin.columns import account, exacts
from trading.admin.read_only import ReadOnlyAdmin
from trading.models import Position


@admin.register(Position)
class PositionAdmin(ReadOnlyAdmin):
    """What accounts hold; fills make positions, nobody types them."""

    list_display = (
        "id",
        account,
        "instrument",
        *exacts(Position, "signed_amount", "open_cost"),
        "leverage",
        *exacts(Position, "margin", "realized_pnl", "fees"),
        "updated_at",
    )
    list_filter = (("opened_at", admin.EmptyFieldListFilter), "instrument", "account__robot")
    list_select_related = ("account__user", "instrument")
    search_fields = ("account__name", "account__user__username", "instrument__symbol")
    ordering = ("-id",)
    fields = (
        "account",
        "instrument",
        *exacts(Position, "signed_amount", "open_cost"),
        "leverage",
        *exacts(Position, "margin", "realized_pnl", "fees", "take_profit", "stop_loss"),
        "opened_at",
        "updated_at",
    )
