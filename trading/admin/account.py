"""Accounts in the admin: opened by the service, their money shown and never typed."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from pushers import nudge
from trading import services
from trading.admin.columns import MONEY_PLACES, Column, moment, moneys, number_text
from trading.models import Account, ExactDecimalField

DEPOSIT = Decimal("100000")

total, used, day_equity = moneys(Account, "total", "used", "day_equity")


@admin.display(description=_("free"))
def _free(account: Account) -> str:
    return number_text(account.free, MONEY_PLACES)


free: Column = _free


@admin.display(description=_("account"), ordering="user__username")
def _title(account: Account) -> str:
    return str(account)


title: Column = _title


class NewAccountForm(forms.ModelForm):
    """What an admin says about a new account."""

    deposit = ExactDecimalField(_("deposit")).formfield(initial=DEPOSIT, min_value=0)

    class Meta:
        model = Account
        fields = ("user", "name", "currency", "leverage", "robot")


@admin.register(Account)
class AccountAdmin(admin.ModelAdmin):
    """Accounts; a save pushes the change to their trader at once."""

    list_display = (title, "venue", "currency", total, used, "leverage", "robot", moment(Account, "created_at"))
    list_filter = ("venue", "robot", "currency")
    list_select_related = ("user",)
    search_fields = ("name", "user__username", "user__email")
    date_hierarchy = "created_at"
    ordering = ("-id",)
    autocomplete_fields = ("user",)
    fields = ("user", "name", "venue", "currency", "leverage", "robot", total, used, free, day_equity, "day_started")
    readonly_fields = ("user", "name", "venue", "currency", total, used, free, day_equity, "day_started")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if not change:
            return super().get_form(request, obj, change, form=NewAccountForm, **kwargs)
        return super().get_form(request, obj, change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return super().get_fields(request, obj) if obj else (*NewAccountForm.Meta.fields, "deposit")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return super().get_readonly_fields(request, obj) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # its ledger stays

    def save_model(self, request: HttpRequest, obj: Account, form: Any, change: bool) -> None:
        if change:
            # Only what was typed: a service may have moved the money since this page read the row.
            obj.save(update_fields=form.changed_data)
            nudge([obj.user_id])
            return
        opened = services.account_open(**form.cleaned_data)
        obj.pk, obj._state.adding = opened.pk, False
        obj.refresh_from_db()
