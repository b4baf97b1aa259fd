"""Freezes in the admin: adding one freezes, deleting it unfreezes, both through the services."""

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from trading import services
from trading.admin.columns import moment
from trading.admin.operators import operator_of
from trading.errors import TradingError
from trading.models import TradingFreeze, User
from trading.services import Operator


class NewFreezeForm(forms.ModelForm):
    """Whom or what, and why."""

    operator: Operator  # who sends it; the admin sets it

    class Meta:
        model = TradingFreeze
        fields = ("user", "instrument", "reason")
        help_texts = {
            "user": _("Whom to freeze; leave it and the instrument empty to freeze the whole site."),
            "instrument": _("In what nothing new is opened. To stop it altogether, also matching, halt it instead."),
        }

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("user") and cleaned.get("instrument"):
            self.add_error("instrument", _("Choose a user or an instrument, not both."))
        try:
            if cleaned.get("user"):
                services.check_may_act(self.operator, cleaned["user"])
        except TradingError as error:
            self.add_error("user", error.message)
        return cleaned


@admin.register(TradingFreeze)
class TradingFreezeAdmin(admin.ModelAdmin):
    """What is frozen. Who may freeze trading may add and delete here; nothing is changed."""

    form = NewFreezeForm
    list_display = ("__str__", "reason", "by", moment(TradingFreeze, "at"))
    list_select_related = ("user", "instrument", "by")
    search_fields = ("user__username", "instrument__symbol", "reason")
    ordering = ("-id",)
    autocomplete_fields = ("user", "instrument")
    actions = None  # deleting many at once would leave out the reason

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may_freeze(request) or super().has_view_permission(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._may_freeze(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        above = obj is not None and obj.user is not None and obj.user.is_superuser
        return self._may_freeze(request) and (not above or cast(User, request.user).is_superuser)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)  # a class made for this request
        form.operator = operator_of(request)
        return form

    def _may_freeze(self, request: HttpRequest) -> bool:
        return cast(User, request.user).has_perm("trading.freeze_trading")

    def save_model(self, request: HttpRequest, obj: TradingFreeze, form: Any, change: bool) -> None:
        freeze = services.trading_freeze(
            user=obj.user, instrument=obj.instrument, reason=obj.reason, by=operator_of(request)
        )
        obj.pk, obj._state.adding = freeze.pk, False

    def delete_model(self, request: HttpRequest, obj: TradingFreeze) -> None:
        reason = _("Deleted in the list of freezes; it was: %(reason)s") % {"reason": obj.reason}
        services.trading_unfreeze(
            user=obj.user, instrument=obj.instrument, reason=str(reason)[:200], by=operator_of(request)
        )
