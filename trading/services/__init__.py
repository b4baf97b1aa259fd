"""What changes the trading domain: each service is one transaction under the account's lock, and nudges the pushers."""

from trading.services.account_care import account_restart, balance_adjust
from trading.services.accounts import account_open, accounts_roll_day
from trading.services.adjustments import account_adjust, account_deposit, account_withdraw
from trading.services.audit_trail import Operator, audit_note
from trading.services.equity_points import equity_points_prune, equity_points_write
from trading.services.erasures import account_erase
from trading.services.freezes import trading_freeze, trading_unfreeze
from trading.services.leverage import leverage_set
from trading.services.liquidation import accounts_liquidate
from trading.services.matching import orders_match
from trading.services.order_amend import order_amend
from trading.services.order_cancel import order_cancel, orders_cancel
from trading.services.order_place import order_place, position_close
from trading.services.order_preview import OrderPreview, order_preview
from trading.services.protection import position_protect
from trading.services.resets import account_reset
from trading.services.tokens import token_create, token_revoke
from trading.services.user_access import (
    check_may_act,
    check_superuser_remains,
    user_activate,
    user_cancel_orders,
    user_deactivate,
    user_disconnect,
    user_revoke_tokens,
    user_sign_out,
)

__all__ = [
    "Operator",
    "OrderPreview",
    "account_adjust",
    "account_deposit",
    "account_erase",
    "account_open",
    "account_reset",
    "account_restart",
    "account_withdraw",
    "accounts_liquidate",
    "accounts_roll_day",
    "audit_note",
    "balance_adjust",
    "check_may_act",
    "check_superuser_remains",
    "equity_points_prune",
    "equity_points_write",
    "leverage_set",
    "order_amend",
    "order_cancel",
    "order_place",
    "order_preview",
    "orders_cancel",
    "orders_match",
    "position_close",
    "position_protect",
    "token_create",
    "token_revoke",
    "trading_freeze",
    "trading_unfreeze",
    "user_activate",
    "user_cancel_orders",
    "user_deactivate",
    "user_disconnect",
    "user_revoke_tokens",
    "user_sign_out",
]
