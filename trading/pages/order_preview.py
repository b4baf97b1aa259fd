"""What the ticket says before it is sent: the rules of the instrument, and what the order would cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils import timezone

from trading import services
from trading.errors import TradingError
from trading.models import Account, Instrument, Quote, User
from trading.pages.answers import first_error
from trading.pages.documents import Row
from trading.pages.order_form import OrderForm
from trading.pages.outcomes import error_text
from trading.services.positions import position_of, present_leverage
from trading.wire import decimal_text, milliseconds, optional_text, present


@dataclass(frozen=True)
class TicketFacts:
    """What the ticket shows of its instrument, and of its order where that is complete.

    `refused` says what is wrong with the order, `reasons` why it would be refused as things are.
    """

    rules: Row
    preview: Row | None = None
    reasons: tuple[str, ...] = ()
    refused: str = ""

    @property
    def leverage(self) -> str:
        """The account's leverage in the instrument; empty where there is no instrument."""
        leverage: str = self.rules.get("leverage", "")
        return leverage


def ticket_facts(form: OrderForm, *, asked: bool) -> TicketFacts:
    """Return what a ticket shows; `asked`: it was filled in, so that what is wrong with it is worth saying."""
    valid = form.is_valid()
    account, instrument = _chosen(form, "account"), _chosen(form, "symbol")
    rules = _rules(account, instrument)
    if not asked:
        return TicketFacts(rules)
    if not valid:
        return TicketFacts(rules, refused=first_error(form)[1])
    order = form.wanted()
    order.pop("client_order_id", None)
    try:
        preview = services.order_preview(**order, leverage=form.cleaned_data["leverage"])
    except TradingError as error:
        return TicketFacts(rules, refused=error_text(error))
    row = present(
        amount=decimal_text(preview.amount),
        price=decimal_text(preview.price),
        notional=decimal_text(preview.notional),
        margin=decimal_text(preview.margin),
        fee=decimal_text(preview.fee),
        liquidationPrice=optional_text(preview.liquidation_price),
        free=decimal_text(preview.free_after),
        timestamp=milliseconds(timezone.now()),
    )
    return TicketFacts(rules, row, tuple(error_text(reason) for reason in preview.reasons))


def ticket_of(user: User, query: Mapping[str, Any]) -> tuple[OrderForm, TicketFacts]:
    """Return the ticket that a page's address asks for, filled in, or an empty one."""
    asked = "amount" in query
    form = OrderForm(user, {name: value for name, value in query.items() if name in OrderForm.base_fields})
    return form, ticket_facts(form, asked=asked)


def _chosen(form: OrderForm, name: str) -> Any:
    """Return the account or the instrument of the ticket, which is the first one where none was chosen."""
    field = form.fields[name]
    assert isinstance(field, forms.ModelChoiceField)
    return form.cleaned_data.get(name) or (field.queryset.first() if field.queryset is not None else None)


def _rules(account: Account | None, instrument: Instrument | None) -> Row:
    """Return what an order in the instrument must satisfy and costs, and the account's leverage there."""
    if instrument is None:
        return {}
    quote: Quote | None = getattr(instrument, "quote", None)
    return present(
        symbol=instrument.symbol,
        name=instrument.name,
        currency=instrument.currency,
        bid=None if quote is None else decimal_text(quote.bid),
        ask=None if quote is None else decimal_text(quote.ask),
        tickSize=decimal_text(instrument.tick_size),
        stepSize=decimal_text(instrument.step_size),
        minimumNotional=decimal_text(instrument.minimum_notional),
        makerFee=decimal_text(instrument.maker_fee_rate),
        takerFee=decimal_text(instrument.taker_fee_rate),
        slippage=decimal_text(instrument.slippage_rate),
        maintenanceMargin=decimal_text(instrument.maintenance_margin_rate),
        maximumLeverage=decimal_text(instrument.maximum_leverage),
        leverage=None if account is None else str(present_leverage(position_of(account, instrument), instrument)),
        halted=instrument.halted or None,
    )
