"""The tables of the trading domain, one file per noun."""

from trading.models.account import Account
from trading.models.account_erasure import AccountErasure
from trading.models.account_reset import AccountReset
from trading.models.api_token import ApiToken
from trading.models.audit_entry import AuditEntry
from trading.models.candle import Candle
from trading.models.equity_point import EquityPoint
from trading.models.fields import ExactDecimalField
from trading.models.fill import Fill
from trading.models.instrument import Instrument
from trading.models.ledger_entry import LedgerEntry
from trading.models.order import OPEN_STATUSES, Order, OrderOrigin, OrderStatus, Side
from trading.models.position import Position
from trading.models.quote import Quote
from trading.models.trading_freeze import TradingFreeze
from trading.models.user import User

__all__ = [
    "OPEN_STATUSES",
    "Account",
    "AccountErasure",
    "AccountReset",
    "ApiToken",
    "AuditEntry",
    "Candle",
    "EquityPoint",
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
    "TradingFreeze",
    "User",
]
