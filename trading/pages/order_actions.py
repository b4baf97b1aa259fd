"""Amending and canceling open orders, each on a page of its own that says what it will do."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext
from django.views.decorators.http import require_http_methods

from trading import services
from trading.models import OPEN_STATUSES, Account, Order, User
from trading.pages.account_field import AccountField, offer_accounts
from trading.pages.action import Action, Fact, answer_action
from trading.pages.decimals import ExactField
from trading.pages.orders import own_order
from trading.pages.outcomes import described, outcome
from trading.pages.trader import trader, trader_page
from trading.wire import decimal_text

confirmed = require_http_methods(["GET", "HEAD", "POST"])


class AccountsForm(forms.Form):
    """Which of the trader's accounts; all of them where none is chosen."""

    account = AccountField(required=False, empty_label=gettext_lazy("All accounts"))

    def __init__(self, user: User, data: Any = None) -> None:
        super().__init__(data)
        self.own = offer_accounts(self, user)

    def chosen(self) -> list[Account]:
        """Return the accounts that the action concerns."""
        account = self.cleaned_data["account"]
        return [account] if account else self.own


class AmendForm(forms.Form):
    """What can be changed of an open order, as it is now; what is not sent stays as it is."""

    price = ExactField(label=gettext_lazy("Price"))
    trigger_price = ExactField(label=gettext_lazy("Trigger price"))
    amount = ExactField(label=gettext_lazy("Amount"))

    def __init__(self, order: Order, data: Any = None, asked: Mapping[str, str] | None = None) -> None:
        """`asked` is what the fields begin with instead, such as the price that the order was moved to on the chart."""
        changeable = {"price": order.price, "amount": order.amount}
        changeable["trigger_price"] = order.trigger_price if order.is_waiting else None
        now = {name: decimal_text(value) for name, value in changeable.items() if value is not None}
        super().__init__(data, initial={**now, **{name: asked[name] for name in now if asked and name in asked}})
        sent = now if data is None else now.keys() & data.keys()
        for name in set(self.fields) - set(sent):
            del self.fields[name]


@confirmed
@trader_page
def order_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Cancel one of the trader's own orders; anybody else's does not exist for him."""
    order = own_order(request, pk)

    def perform(data: dict[str, Any]) -> str:
        services.order_cancel(order=order)
        return _("Order %(id)s is canceled.") % {"id": pk}

    action = Action(
        title=_("Cancel order %(id)s?") % {"id": pk},
        submit=_("Cancel the order"),
        perform=perform,
        form=forms.Form(request.POST),
        facts=_facts(order),
        danger=True,
    )
    return answer_action(request, action)


@confirmed
@trader_page
def orders_cancel(request: HttpRequest) -> HttpResponse:
    """Cancel all open orders of one of the trader's accounts, or of all."""
    form = AccountsForm(trader(request), request.POST if request.method == "POST" else None)
    orders = _open_orders(trader(request))

    def perform(data: dict[str, Any]) -> str:
        canceled = [order for account in form.chosen() for order in services.orders_cancel(account=account)]
        words = {"number": len(canceled)}
        return ngettext("%(number)s order is canceled.", "%(number)s orders are canceled.", len(canceled)) % words

    title = ngettext("Cancel %(number)s open order?", "Cancel all %(number)s open orders?", len(orders))
    action = Action(
        title=title % {"number": len(orders)} if orders else _("There are no open orders."),
        submit=_("Cancel all"),
        perform=perform,
        form=form,
        items=[f"{described(order)}, {order.account.name}" for order in orders],
        note=_("Orders that are placed meanwhile are canceled, too."),
        danger=True,
    )
    return answer_action(request, action)


@confirmed
@trader_page
def order_amend(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the price, the trigger price or the amount of one of the trader's own open orders."""
    order = own_order(request, pk)

    def perform(data: dict[str, Any]) -> str:
        changes = {name: value for name, value in data.items() if value != getattr(order, name)}
        if not changes:
            return _("Order %(id)s stays as it is.") % {"id": pk}
        return outcome(services.order_amend(order=order, **changes))

    action = Action(
        title=_("Amend order %(id)s") % {"id": pk},
        submit=_("Amend the order"),
        perform=perform,
        form=AmendForm(order, request.POST if request.method == "POST" else None, request.GET.dict()),
        facts=_facts(order),
    )
    return answer_action(request, action)


def _open_orders(user: User) -> list[Order]:
    """Return the user's open orders, the newest first."""
    orders = Order.objects.filter(status__in=OPEN_STATUSES, account__user=user).select_related("account", "instrument")
    return list(orders.order_by("-pk"))


def _facts(order: Order) -> list[Fact]:
    facts = [Fact(label=_("Order"), value=described(order)), Fact(label=_("Account"), value=order.account.name)]
    if order.filled:
        facts.append(Fact(label=pgettext("an amount", "Filled"), value=decimal_text(order.filled), kind="amount"))
    return facts
