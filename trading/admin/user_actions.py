"""What operators do to users: each action asks for a reason, is carried out user by user, and names who was left."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.crypto import get_random_string
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from trading import services
from trading.admin.operators import operator_of
from trading.admin.reason import APPLY, FROM_PAGE, ReasonForm, ask_reason
from trading.errors import TradingError
from trading.models import Account, ExactDecimalField, User
from trading.services import Operator
from trading.services.resets import DEPOSIT

MOST = 500  # users of one action: the form of the reason names each, and Django takes 1,000 fields


class FreezeForm(ReasonForm):
    """Why, and what becomes of the open orders."""

    cancel_orders = forms.BooleanField(
        label=gettext_lazy("Cancel open orders, too"),
        required=False,
        help_text=gettext_lazy("Otherwise they stay at work; the user may cancel them."),
    )


class AccountForm(ReasonForm):
    """Why, and at which account."""

    account = forms.SlugField(label=gettext_lazy("Account"), initial="paper")


class AdjustForm(AccountForm):
    """How much, why, and at which account."""

    amount = ExactDecimalField(pgettext_lazy("of money", "Amount")).formfield(
        help_text=gettext_lazy("Signed: what the total is to change by. It becomes a ledger entry.")
    )
    # Names the form, so that one that is sent twice, as by a double click, adjusts once.
    once = forms.CharField(
        max_length=32, required=False, initial=lambda: get_random_string(22), widget=forms.HiddenInput
    )
    field_order = ("account", "amount", "reason")


class ResetForm(AccountForm):
    """With how much, why, and which account."""

    deposit = ExactDecimalField(gettext_lazy("Deposit")).formfield(
        initial=DEPOSIT, min_value=0, help_text=gettext_lazy("The new total; everything open is canceled and closed.")
    )
    field_order = ("account", "deposit", "reason")


Act = Callable[[User, dict[str, Any], Operator], object]


@dataclass(frozen=True)
class UserAction:
    """An action: what it is called, which permission it takes, what it asks for, and what it does to one user.

    `act` raises TradingError, and then has done nothing to that user.
    """

    name: str
    label: str | Promise
    permission: str
    act: Act
    warning: str | Promise = ""
    form: type[ReasonForm] = field(default=ReasonForm)
    offered: Callable[[User], bool] = lambda user: True

    def is_permitted(self, request: HttpRequest) -> bool:
        """Say whether who sent the request may do this."""
        return cast(User, request.user).has_perm(self.permission)


def _freeze(user: User, said: dict[str, Any], by: Operator) -> None:
    with transaction.atomic():
        services.trading_freeze(user=user, reason=said["reason"], by=by)
        if said["cancel_orders"]:
            services.user_cancel_orders(user=user, reason=said["reason"], by=by)


def _account(user: User, said: dict[str, Any]) -> Account:
    account = user.accounts.filter(name=said["account"]).first()
    if account is None:
        raise TradingError("invalid_account_name", _("There is no account %(name)s.") % {"name": said["account"]})
    return account


def _adjust(user: User, said: dict[str, Any], by: Operator) -> None:
    account, once = _account(user, said), said["once"]
    services.balance_adjust(account=account, amount=said["amount"], reason=said["reason"], by=by, once=once)


def _reset(user: User, said: dict[str, Any], by: Operator) -> None:
    services.account_restart(account=_account(user, said), deposit=said["deposit"], reason=said["reason"], by=by)


ACTIONS = (
    UserAction(
        "deactivate",
        gettext_lazy("Deactivate"),
        "trading.deactivate_user",
        lambda user, said, by: services.user_deactivate(user=user, reason=said["reason"], by=by),
        gettext_lazy(
            "Sockets close, sessions end, API tokens are revoked and open orders are canceled, at once. Positions stay."
        ),
        offered=lambda user: user.is_active,
    ),
    UserAction(
        "activate",
        gettext_lazy("Activate"),
        "trading.deactivate_user",
        lambda user, said, by: services.user_activate(user=user, reason=said["reason"], by=by),
        gettext_lazy("The users may sign in again. Revoked tokens and canceled orders do not come back."),
        offered=lambda user: not user.is_active,
    ),
    UserAction(
        "sign_out",
        gettext_lazy("Force sign-out"),
        "trading.sign_out_user",
        lambda user, said, by: services.user_sign_out(user=user, reason=said["reason"], by=by),
        gettext_lazy("All sessions end, in every browser; the users may sign in again. API tokens go on."),
    ),
    UserAction(
        "disconnect",
        gettext_lazy("Disconnect sockets"),
        "trading.disconnect_user",
        lambda user, said, by: services.user_disconnect(user=user, reason=said["reason"], by=by),
        gettext_lazy("All open sockets close. Who loads a page again is connected again."),
    ),
    UserAction(
        "freeze",
        gettext_lazy("Freeze trading"),
        "trading.freeze_trading",
        _freeze,
        gettext_lazy("Nothing new may be opened. Canceling, closing and reducing stay allowed."),
        FreezeForm,
        offered=lambda user: not user.freezes.exists(),
    ),
    UserAction(
        "unfreeze",
        gettext_lazy("Unfreeze trading"),
        "trading.freeze_trading",
        lambda user, said, by: services.trading_unfreeze(user=user, reason=said["reason"], by=by),
        offered=lambda user: user.freezes.exists(),
    ),
    UserAction("adjust", gettext_lazy("Adjust balance"), "trading.adjust_balance", _adjust, form=AdjustForm),
    UserAction(
        "reset",
        gettext_lazy("Reset account"),
        "trading.reset_account",
        _reset,
        gettext_lazy("All orders are canceled, all positions closed, and the money is exchanged for the deposit."),
        ResetForm,
    ),
    UserAction(
        "revoke_tokens",
        gettext_lazy("Revoke API tokens"),
        "trading.change_apitoken",
        lambda user, said, by: services.user_revoke_tokens(user=user, reason=said["reason"], by=by),
        gettext_lazy("All API tokens of the users are revoked for good, and their sockets close."),
    ),
)


def admin_action(spec: UserAction) -> Callable[..., HttpResponseBase | None]:
    """Return the function that Django's admin calls for an action."""

    @admin.action(description=cast(str, spec.label))  # it may be lazy
    def act(modeladmin: Any, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponseBase | None:
        if not spec.is_permitted(request):
            raise PermissionDenied
        form = spec.form(request.POST if APPLY in request.POST else None)
        if not form.is_valid():
            return _ask(modeladmin, request, queryset, spec, form)
        _carry_out(modeladmin, request, queryset, spec, form.cleaned_data)
        one = request.POST.getlist(helpers.ACTION_CHECKBOX_NAME)
        if FROM_PAGE in request.POST and len(one) == 1:
            return HttpResponseRedirect(reverse("admin:trading_user_change", args=one))
        return None

    act.__name__ = spec.name
    return act


def _ask(
    modeladmin: Any, request: HttpRequest, queryset: QuerySet[User], spec: UserAction, form: ReasonForm
) -> TemplateResponse | None:
    """Ask for the reason, and for what else the action needs to know."""
    users = list(queryset.order_by("username")[: MOST + 1])
    if len(users) > MOST:
        text = _("Choose at most %(most)s users at once; found %(found)s.")
        modeladmin.message_user(request, text % {"most": MOST, "found": queryset.count()}, messages.ERROR)
        return None
    return ask_reason(modeladmin, request, form, list(users), action=spec.name, title=spec.label, warning=spec.warning)


def _carry_out(
    modeladmin: Any, request: HttpRequest, users: QuerySet[User], spec: UserAction, said: dict[str, Any]
) -> None:
    """Do it to one user after the other, each in a transaction of its own, and say whom it was refused for and why."""
    by, done = operator_of(request), []
    for user in users.order_by("pk"):
        try:
            spec.act(user, said, by)
            done.append(user.get_username())
        except TradingError as error:
            modeladmin.message_user(request, f"{user.get_username()}: {error.message}", messages.ERROR)
        except DatabaseError as error:
            text = _("not done, the database refused it: %(error)s") % {"error": type(error).__name__}
            modeladmin.message_user(request, f"{user.get_username()}: {text}", messages.ERROR)
    if done:
        text = ngettext(
            "%(action)s: done for %(names)s.", "%(action)s: done for %(count)d users: %(names)s.", len(done)
        )
        words = {"action": spec.label, "count": len(done), "names": ", ".join(done)}
        modeladmin.message_user(request, text % words, messages.SUCCESS)
