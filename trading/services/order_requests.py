"""What a trader asks for when he places an order, checked for form."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from trading.errors import TradingError
from trading.models import Order, Side
from trading.models.fields import exact
from trading.wire import decimal_text

CLIENT_ORDER_ID_LENGTH = 64
STOPS = (Order.Type.STOP_MARKET, Order.Type.STOP_LIMIT)
PRICED = (Order.Type.LIMIT, Order.Type.STOP_LIMIT)
RESTING = (Order.TimeInForce.GTC, Order.TimeInForce.DAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """The body of a request: numbers are exact, and what belongs together is there together."""

    symbol: str
    side: str
    type: str
    amount: Decimal | None = None
    quote_amount: Decimal | None = None
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    time_in_force: str = Order.TimeInForce.GTC
    post_only: bool = False
    reduce_only: bool = False
    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None
    leverage: int | None = None

    @property
    def digest(self) -> str:
        """The SHA-256 of the body: the same for 10 and 10.0, another for anything that makes another order."""
        body = {name: decimal_text(v) if isinstance(v, Decimal) else v for name, v in asdict(self).items()}
        if self.leverage is None:
            del body["leverage"]  # orders from before a leverage was part of the body keep their digests
        return sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def order_request(**body: Any) -> OrderRequest:
    """Return the request with exact numbers; raise TradingError for whatever has not the right form.

    Takes what OrderRequest has.
    """
    numbers = {name: positive(name, body.get(name)) for name in NUMBERS}
    request = OrderRequest(**{**body, **numbers})
    for check in (_check_words, _check_prices, _check_amounts, _check_flags):
        check(request)
    return request


def positive(name: str, value: Decimal | int | str | None) -> Decimal | None:
    """Return the field's value exactly; raise TradingError `invalid_<name>` unless it is a number above 0 or None."""
    if value is None:
        return None
    label = NUMBERS[name]()
    try:
        number = exact(value)
    except ValidationError as error:
        raise TradingError(f"invalid_{name}", f"{label}: {' '.join(error.messages)}") from error
    if number <= 0:
        message = _("%(field)s must be above 0; found %(number)s.")
        raise TradingError(f"invalid_{name}", message, {"field": label, "number": number})
    return number


NUMBERS: dict[str, Callable[[], str]] = {
    "amount": lambda: _("Amount"),
    "quote_amount": lambda: _("Amount in the quote currency"),
    "price": lambda: _("Price"),
    "trigger_price": lambda: _("Trigger price"),
    "take_profit": lambda: _("Take profit"),
    "stop_loss": lambda: _("Stop loss"),
}


def check_client_order_id(given: str | None) -> None:
    """Raise TradingError `invalid_client_order_id` unless it is None or a short text of printable characters."""
    if given is None or (0 < len(given) <= CLIENT_ORDER_ID_LENGTH and given.isprintable()):
        return
    message = _("A client order id has 1 to %(most)s printable characters; found %(found)s.")
    words = {"most": CLIENT_ORDER_ID_LENGTH, "found": f"{given!r:.80}"}
    raise TradingError("invalid_client_order_id", message % words)


def _check_words(request: OrderRequest) -> None:
    if request.side not in Side.values:
        message = _("Side must be one of %(sides)s; found %(side)s.")
        words = {"sides": ", ".join(Side.values), "side": f"{request.side!r:.80}"}
        raise TradingError("invalid_side", message % words)
    if request.type not in Order.Type.values:
        message = _("Type must be one of %(types)s; found %(type)s.")
        words = {"types": ", ".join(Order.Type.values), "type": f"{request.type!r:.80}"}
        raise TradingError("invalid_type", message % words)
    # A stop market order takes what there is once it is triggered: it may be told how long to wait for that.
    known = RESTING if request.type == Order.Type.STOP_MARKET else tuple(Order.TimeInForce)
    if request.time_in_force not in known:
        message = _("The time in force must be one of %(known)s; found %(found)s.")
        words = {"known": ", ".join(known), "found": f"{request.time_in_force!r:.80}"}
        raise TradingError("invalid_time_in_force", message % words)


def _check_prices(request: OrderRequest) -> None:
    label = Order.Type(request.type).label
    if request.type in PRICED and request.price is None:
        raise TradingError(
            "price_required", _("An order of type %(type)s needs a price; found none.") % {"type": label}
        )
    if request.type not in PRICED and request.price is not None:
        message = _("An order of type %(type)s takes no price; found %(price)s.")
        raise TradingError("price_not_allowed", message, {"type": label, "price": request.price})
    if request.type in STOPS and request.trigger_price is None:
        message = _("An order of type %(type)s needs a trigger price; found none.")
        raise TradingError("trigger_price_required", message % {"type": label})
    if request.type not in STOPS and request.trigger_price is not None:
        message = _("An order of type %(type)s takes no trigger price; found %(price)s.")
        raise TradingError("trigger_price_not_allowed", message, {"type": label, "price": request.trigger_price})


def _check_amounts(request: OrderRequest) -> None:
    given = [amount for amount in (request.amount, request.quote_amount) if amount is not None]
    if len(given) != 1:
        message = _("Give either an amount or an amount in the quote currency; found %(count)s of them.")
        raise TradingError("invalid_amount", message % {"count": len(given)})


def _check_flags(request: OrderRequest) -> None:
    if request.post_only and (request.type != Order.Type.LIMIT or request.time_in_force not in RESTING):
        message = _("Only a limit order that may rest (%(times)s) can be post-only.")
        raise TradingError("post_only_not_allowed", message % {"times": ", ".join(RESTING)})
    if request.reduce_only and (request.take_profit or request.stop_loss):
        message = _("An order that only reduces opens nothing that a take profit or stop loss could protect.")
        raise TradingError("protection_not_allowed", message)
