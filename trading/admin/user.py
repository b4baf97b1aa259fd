"""Users in the admin: Django's page, with the time zone and the accounts."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from trading.admin.columns import moment, moneys
from trading.admin.read_only import ReadOnlyInline
from trading.models import Account, User


class AccountInline(ReadOnlyInline):
    """A user's accounts, shown only: their own page changes what may be changed."""

    model = Account
    fields = (
        "name",
        "venue",
        "currency",
        *moneys(Account, "total", "used"),
        "leverage",
        "robot",
        moment(Account, "created_at"),
    )


@admin.register(User)
class TraderAdmin(UserAdmin):
    """Users: traders and admins."""

    list_display = (
        "username",
        "email",
        "first_name",
        "last_name",
        "is_active",
        "is_staff",
        moment(User, "last_login"),
        moment(User, "date_joined"),
    )
    date_hierarchy = "date_joined"
    fieldsets = (*(UserAdmin.fieldsets or ()), (_("Display"), {"fields": ("time_zone",)}))
    inlines = (AccountInline,)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # the ledger of a trader's accounts stays; who is gone is made inactive

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return super().get_inlines(request, obj) if obj else ()
