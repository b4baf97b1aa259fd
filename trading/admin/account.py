"""Accounts in the admin: opened by the service, their money shown and never typed."""

from decimal import Decimal
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from pushers import nudge
from trading import services
from trading.admin.audited import AuditedAdmin, row_values
from trading.admin.columns import MONEY_PLACES, Column, moment, moneys, number_text
from trading.admin.csv_export import csv_export
from trading.admin.operators import operator_of
from trading.errors import TradingError
from trading.models import Account, ExactDecimalField, User

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


class AccountForm(forms.ModelForm):
    """What an admin may change of an account, and a correction of its money, which becomes a ledger entry."""

    correction = ExactDecimalField(_("correction")).formfield(
        required=False, help_text=_("Signed: what the total is to change by. It becomes a ledger entry of its own.")
    )
    reason = forms.CharField(label=_("reason"), max_length=200, required=False, help_text=_("Of the correction."))

    class Meta:
        model = Account
        fields = ("leverage", "robot")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("correction") and not cleaned.get("reason"):
            self.add_error("reason", _("Say why the account is corrected."))
        return cleaned


@admin.register(Account)
class AccountAdmin(AuditedAdmin):
    """Accounts; a save pushes the change to their trader at once."""

    list_display = (title, "venue", "currency", total, used, "leverage", "robot", moment(Account, "created_at"))
    list_filter = ("venue", "robot", "currency")
    list_select_related = ("user",)
    search_fields = ("name", "user__username", "user__email")
    date_hierarchy = "created_at"
    ordering = ("-id",)
    autocomplete_fields = ("user",)
    actions = (
        csv_export(
            "id", "user__username", "name", "venue", "currency", "total", "used", "day_equity", "day_started",
            "leverage", "robot", "created_at",
        ),
    )  # fmt: skip
    fields = ("user", "name", "venue", "currency", "leverage", "robot", total, used, free, day_equity, "day_started")
    readonly_fields = ("user", "name", "venue", "currency", total, used, free, day_equity, "day_started")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if not change:
            return super().get_form(request, obj, change, form=NewAccountForm, **kwargs)
        return super().get_form(request, obj, change, form=AccountForm, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if not obj:
            return (*NewAccountForm.Meta.fields, "deposit")
        return (*self.fields, "correction", "reason") if self._may_correct(request) else self.fields

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return super().get_readonly_fields(request, obj) if obj else ()

    def _may_correct(self, request: HttpRequest) -> bool:
        return cast(User, request.user).has_perm("trading.adjust_balance")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # its ledger stays

    def save_model(self, request: HttpRequest, obj: Account, form: Any, change: bool) -> None:
        if change:
            request.audit_before = row_values(Account.objects.get(pk=obj.pk))  # type: ignore[attr-defined]
            # Only what was typed: a service may have moved the money since this page read the row.
            obj.save(update_fields=[name for name in form.changed_data if name in AccountForm.Meta.fields])
            nudge([obj.user_id])
            self._correct(request, obj, form.cleaned_data)
            return
        request.audit_before = {}  # type: ignore[attr-defined]
        opened = services.account_open(**form.cleaned_data)
        obj.pk, obj._state.adding = opened.pk, False
        obj.refresh_from_db()

    def _correct(self, request: HttpRequest, account: Account, said: dict[str, Any]) -> None:
        if not said.get("correction") or not self._may_correct(request):
            return
        try:
            services.balance_adjust(
                account=account, amount=said["correction"], reason=said["reason"], by=operator_of(request)
            )
        except TradingError as error:
            self.message_user(request, error.message, messages.ERROR)
