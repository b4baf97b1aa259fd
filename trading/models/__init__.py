"""The tables of the trading domain, one file per noun."""

from trading.models.account import Account
from trading.models.api_token import ApiToken
from trading.models.candle import Candle
from trading.models.fields import ExactDecimalField
from trading.models.fill import Fill
from trading.models.instrument import Instrument
from trading.models.ledger_entry import LedgerEntry
from trading.models.order import OPEN_STATUSES, Order, OrderOrigin, OrderStatus, Side
from trading.models.position import Position
from trading.models.quote import Quote
from trading.models.user import User

__all__ = [
    "OPEN_STATUSES",
    "Account",
    "ApiToken",
    "Candle",
    "ExactDecimalField",
    "Fill",
    "Instrument",
    "LedgerEntry",
    "Order",
    "OrderOrigin",
    "OrderStatus",
    "Position",
    "Quote",
    "Side",
    "User",
]
