"""Freezes in the admin: adding one freezes, an action unfreezes, both with a reason and through the services."""

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext_lazy as _

from trading import services
from trading.admin.columns import moment
from trading.admin.operators import operator_of
from trading.admin.reason import APPLY, ReasonForm, ask_reason
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
    """What is frozen. Who may freeze trading may add and unfreeze here; nothing is changed."""

    form = NewFreezeForm
    list_display = ("__str__", "reason", "by", moment(TradingFreeze, "at"))
    list_select_related = ("user", "instrument", "by")
    search_fields = ("user__username", "instrument__symbol", "reason")
    ordering = ("-id",)
    autocomplete_fields = ("user", "instrument")
    actions = ("unfreeze",)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may_freeze(request) or super().has_view_permission(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._may_freeze(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # a reason belongs to it: `unfreeze`

    def has_freeze_permission(self, request: HttpRequest) -> bool:
        """Say who is offered the action."""
        return self._may_freeze(request)

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

    @admin.action(description=_("Unfreeze trading"), permissions=["freeze"])
    def unfreeze(self, request: HttpRequest, queryset: QuerySet[TradingFreeze]) -> HttpResponseBase | None:
        """Take freezes away, each for the reason that is given."""
        freezes = list(queryset.select_related("user", "instrument"))
        form = ReasonForm(request.POST if APPLY in request.POST else None)
        if not form.is_valid():
            rows: list[Model] = [*freezes]
            return ask_reason(self, request, form, rows, action="unfreeze", title=_("Unfreeze trading"))
        by, reason = operator_of(request), form.cleaned_data["reason"]
        for freeze in freezes:
            try:
                services.trading_unfreeze(user=freeze.user, instrument=freeze.instrument, reason=reason, by=by)
                self.message_user(request, _("%(what)s: not frozen any more.") % {"what": freeze}, messages.SUCCESS)
            except TradingError as error:
                self.message_user(request, f"{freeze}: {error.message}", messages.ERROR)
        return None
