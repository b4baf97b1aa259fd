"""Django admin of the trading domain, one file per noun.

Money is written by services alone, so what an admin may change here is how things are set up, never what they hold.
"""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from trading.admin.account import AccountAdmin
from trading.admin.account_erasure import AccountErasureAdmin
from trading.admin.account_reset import AccountResetAdmin
from trading.admin.api_token import ApiTokenAdmin
from trading.admin.audit_entry import AuditEntryAdmin
from trading.admin.candle import CandleAdmin
from trading.admin.equity_point import EquityPointAdmin
from trading.admin.fill import FillAdmin
from trading.admin.group import AuditedGroupAdmin
from trading.admin.instrument import InstrumentAdmin
from trading.admin.ledger_entry import LedgerEntryAdmin
from trading.admin.order import OrderAdmin
from trading.admin.position import PositionAdmin
from trading.admin.quote import QuoteAdmin
from trading.admin.trading_freeze import TradingFreezeAdmin
from trading.admin.user import TraderAdmin

admin.site.site_header = _("Trading site administration")
admin.site.site_title = _("Trading site admin")
admin.site.index_title = _("Users, accounts and market")

__all__ = [
    "AccountAdmin",
    "AccountErasureAdmin",
    "AccountResetAdmin",
    "ApiTokenAdmin",
    "AuditEntryAdmin",
    "AuditedGroupAdmin",
    "CandleAdmin",
    "EquityPointAdmin",
    "FillAdmin",
    "InstrumentAdmin",
    "LedgerEntryAdmin",
    "OrderAdmin",
    "PositionAdmin",
    "QuoteAdmin",
    "TraderAdmin",
    "TradingFreezeAdmin",
]
