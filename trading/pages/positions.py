"""Closing and protecting a position, and changing its leverage, each on a page of its own."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from trading import services
from trading.errors import TradingError
from trading.models import OrderStatus, Position
from trading.pages.action import Action, Fact, answer_action
from trading.pages.decimals import ExactField
from trading.pages.order_actions import confirmed
from trading.pages.outcomes import amount_text, outcome
from trading.pages.trader import trader, trader_page
from trading.wire import decimal_text, optional_text


class CloseForm(forms.Form):
    """How much of the position; all of it where nothing is typed."""

    amount = ExactField(label=gettext_lazy("Amount"), required=False, help_text=gettext_lazy("Empty: all of it."))


class ProtectForm(forms.Form):
    """The marks at which the position is closed; an empty one is none."""

    take_profit = ExactField(label=gettext_lazy("Take profit"), required=False)
    stop_loss = ExactField(label=gettext_lazy("Stop loss"), required=False)


class LeverageForm(forms.Form):
    """The position's leverage."""

    leverage = forms.IntegerField(label=gettext_lazy("Leverage"), min_value=1)


@confirmed
@trader_page
def position_close(request: HttpRequest, pk: int) -> HttpResponse:
    """Close one of the trader's own positions at the market's price, fully or partly."""
    position = _own_position(request, pk)
    symbol = position.instrument.symbol

    def perform(data: dict[str, Any]) -> str:
        order = services.position_close(account=position.account, symbol=symbol, amount=data["amount"])
        if order.status == OrderStatus.REJECTED:
            raise TradingError(order.reject_reason, outcome(order))
        return outcome(order)

    action = Action(
        title=_("Close the position in %(symbol)s?") % {"symbol": symbol},
        submit=_("Close the position"),
        perform=perform,
        form=CloseForm(request.POST if request.method == "POST" else None),
        facts=_facts(position),
        note=_("It is closed at the market's price, with the taker's fee."),
        danger=True,
    )
    return answer_action(request, action)


@confirmed
@trader_page
def position_protect(request: HttpRequest, pk: int) -> HttpResponse:
    """Set or clear the take profit and the stop loss of one of the trader's own positions."""
    position = _own_position(request, pk)
    symbol = position.instrument.symbol
    now = {"take_profit": optional_text(position.take_profit), "stop_loss": optional_text(position.stop_loss)}

    def perform(data: dict[str, Any]) -> str:
        services.position_protect(account=position.account, symbol=symbol, **data)
        return _("Take profit and stop loss of %(symbol)s are set as shown.") % {"symbol": symbol}

    action = Action(
        title=_("Take profit and stop loss of %(symbol)s") % {"symbol": symbol},
        submit=_("Set"),
        perform=perform,
        form=ProtectForm(request.POST if request.method == "POST" else None, initial=now),
        facts=_facts(position),
        note=_("The position is closed once the mark reaches one of them; the other is then gone. Empty: none."),
    )
    return answer_action(request, action)


@confirmed
@trader_page
def position_leverage(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the leverage of one of the trader's own positions."""
    position = _own_position(request, pk)
    symbol = position.instrument.symbol

    def perform(data: dict[str, Any]) -> str:
        services.leverage_set(account=position.account, symbol=symbol, leverage=data["leverage"])
        return _("Leverage in %(symbol)s is %(leverage)s.") % {"symbol": symbol, "leverage": data["leverage"]}

    most = position.instrument.maximum_leverage
    action = Action(
        title=_("Leverage in %(symbol)s") % {"symbol": symbol},
        submit=_("Set"),
        perform=perform,
        form=LeverageForm(request.POST if request.method == "POST" else None, initial={"leverage": position.leverage}),
        facts=_facts(position),
        note=_("From 1 to %(most)s. A higher one needs less margin, and is liquidated sooner.") % {"most": most},
    )
    return answer_action(request, action)


def _own_position(request: HttpRequest, pk: int) -> Position:
    """Return one of the trader's own open positions; a flat one, or anybody else's, does not exist for him."""
    positions = Position.objects.select_related("account", "instrument__quote").exclude(signed_amount=0)
    return get_object_or_404(positions, pk=pk, account__user=trader(request))


def described_position(position: Position) -> str:
    """Return a position in a few words: "long 10 AAPL, paper"."""
    held = amount_text(abs(position.signed_amount))
    words = {"amount": held, "symbol": position.instrument.symbol, "account": position.account.name}
    if position.signed_amount > 0:
        return _("long %(amount)s %(symbol)s, %(account)s") % words
    return _("short %(amount)s %(symbol)s, %(account)s") % words


def _facts(position: Position) -> list[Fact]:
    long = position.signed_amount > 0
    facts = [Fact(label=_("Position"), value=described_position(position))]
    quote = getattr(position.instrument, "quote", None)
    if quote is not None:
        facts.append(Fact(label=_("Mark"), value=decimal_text(quote.mark), kind="price"))
        closing = quote.bid if long else quote.ask
        facts.append(Fact(label=_("Bid") if long else _("Ask"), value=decimal_text(closing), kind="price"))
    return facts
