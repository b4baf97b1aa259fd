"""What changes the trading domain: each service is one transaction under the account's lock, and nudges the pushers."""

from trading.services.accounts import account_open, accounts_roll_day
from trading.services.adjustments import account_adjust, account_deposit, account_withdraw
from trading.services.equity_points import equity_points_prune, equity_points_write
from trading.services.erasures import account_erase
from trading.services.orders import order_cancel, order_place, orders_match
from trading.services.tokens import token_create, token_revoke

__all__ = [
    "account_adjust",
    "account_deposit",
    "account_erase",
    "account_open",
    "account_withdraw",
    "accounts_roll_day",
    "equity_points_prune",
    "equity_points_write",
    "order_cancel",
    "order_place",
    "orders_match",
    "token_create",
    "token_revoke",
]
