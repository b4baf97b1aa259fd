"""Resets of accounts in the admin: shown only."""

from django.contrib import admin

from trading.admin.columns import account, moment, moneys
from trading.admin.read_only import ReadOnlyAdmin
from trading.models import AccountReset


@admin.register(AccountReset)
class AccountResetAdmin(ReadOnlyAdmin):
    """New starts of accounts; what the ids name, and everything older, is from before."""

    list_display = ("id", account, *moneys(AccountReset, "total_before", "deposit"), "by", moment(AccountReset, "at"))
    list_filter = ("account__robot",)
    list_select_related = ("account__user", "by")
    search_fields = ("note", "account__name", "account__user__username")
    date_hierarchy = "at"
    ordering = ("-id",)
    fields = (
        "account",
        *moneys(AccountReset, "total_before", "deposit"),
        "by",
        "note",
        "last_order_id",
        "last_fill_id",
        "last_entry_id",
        moment(AccountReset, "at"),
    )
