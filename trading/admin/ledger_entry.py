"""The ledger in the admin: shown only."""

from django.contrib import admin

from trading.admin.columns import account, moment, moneys
from trading.admin.csv_export import csv_export
from trading.admin.read_only import ReadOnlyAdmin
from trading.models import LedgerEntry


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnlyAdmin):
    """Why an account's total is what it is; a mistake is corrected by another entry, made by a service."""

    list_display = (
        "id",
        account,
        "kind",
        *moneys(LedgerEntry, "amount", "balance_after"),
        "by",
        "note",
        moment(LedgerEntry, "created_at"),
    )
    list_filter = ("kind", "account__robot")
    list_select_related = ("account__user", "by")
    search_fields = ("note", "account__name", "account__user__username", "=fill__trade_id")
    date_hierarchy = "created_at"
    actions = (
        csv_export(
            "id", "account__user__username", "account__name", "kind", "amount", "balance_after", "fill__trade_id",
            "by__username", "note", "created_at",
        ),
    )  # fmt: skip
    ordering = ("-id",)
    fields = (
        "account",
        "kind",
        *moneys(LedgerEntry, "amount", "balance_after"),
        "fill",
        "by",
        "note",
        moment(LedgerEntry, "created_at"),
    )
