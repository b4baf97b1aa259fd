"""Instruments in the admin: the rules of trading, halting included."""

from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest

from pushers import nudge
from trading.admin.audited import AuditedAdmin
from trading.admin.columns import exacts, moneys
from trading.admin.csv_export import csv_export
from trading.models import OPEN_STATUSES, Account, Instrument


@admin.register(Instrument)
class InstrumentAdmin(AuditedAdmin):
    """Instruments; a save is pushed at once to those who hold them or have orders in them."""

    list_display = (
        "symbol",
        "name",
        "currency",
        *exacts(Instrument, "tick_size", "step_size"),
        *moneys(Instrument, "minimum_notional"),
        *exacts(Instrument, "maker_fee_rate", "taker_fee_rate", "slippage_rate", "maintenance_margin_rate"),
        "maximum_leverage",
        "halted",
    )
    list_filter = ("halted", "currency")
    search_fields = ("symbol", "name")
    actions = (
        csv_export(
            "id", "symbol", "name", "currency", "tick_size", "step_size", "minimum_notional", "maker_fee_rate",
            "taker_fee_rate", "slippage_rate", "maintenance_margin_rate", "maximum_leverage", "halted",
        ),
    )  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        # The symbol is the instrument's key on the wire, and money is held in its currency.
        return ("symbol", "currency") if obj else ()

    def save_model(self, request: HttpRequest, obj: Instrument, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        nudge(_users_concerned(obj))


def _users_concerned(instrument: Instrument) -> list[int]:
    holds = Q(positions__instrument=instrument) & ~Q(positions__signed_amount=0)
    orders = Q(orders__instrument=instrument, orders__status__in=OPEN_STATUSES)
    return list(Account.objects.filter(holds | orders).values_list("user_id", flat=True).distinct())
