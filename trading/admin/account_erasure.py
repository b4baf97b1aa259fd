"""Erasures of accounts in the admin: shown only, for they are all that is left."""

from django.contrib import admin

from trading.admin.columns import moment, moneys
from trading.admin.read_only import ReadOnlyAdmin
from trading.models import AccountErasure


@admin.register(AccountErasure)
class AccountErasureAdmin(ReadOnlyAdmin):
    """Accounts that were deleted with their books, by whom and why."""

    list_display = (
        "account_id",
        "username",
        "name",
        *moneys(AccountErasure, "total"),
        "reason",
        "by",
        moment(AccountErasure, "at"),
    )
    list_select_related = ("by",)
    search_fields = ("username", "name", "reason", "=account_id")
    date_hierarchy = "at"
    ordering = ("-id",)
    fields = (
        "account_id",
        "username",
        "name",
        *moneys(AccountErasure, "total"),
        "reason",
        "by",
        moment(AccountErasure, "at"),
    )
