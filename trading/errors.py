"""The errors of the trading domain: one class, stable codes."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from trading.wire import decimal_text


class TradingError(Exception):
    """A request that the rules refuse.

    `code` is stable and meant for programs; `message` is for people, in the language active where it is raised, and
    names what was expected and what was found, with its figures in canonical form; `said` writes them in another one.
    The codes:

    - of the form: invalid_side, invalid_type, invalid_time_in_force, invalid_amount, invalid_quote_amount,
      invalid_price, invalid_trigger_price, invalid_take_profit, invalid_stop_loss, price_required, price_not_allowed,
      trigger_price_required, trigger_price_not_allowed, post_only_not_allowed, protection_not_allowed,
      invalid_client_order_id, duplicate_client_order_id, nothing_to_amend, amount_below_filled, invalid_leverage;
    - of the instrument: unknown_symbol, halted, trading_frozen, price_off_tick, amount_off_step, amount_too_large,
      below_minimum_notional;
    - of the market: stale_market, would_trigger_now, post_only_would_take;
    - of the account: insufficient_margin, nothing_to_reduce, not_open, duplicate_trade, insufficient_funds,
      duplicate_account, invalid_account_name, invalid_deposit, reason_required;
    - of operators: last_superuser, not_permitted;
    - of tokens: invalid_scope, invalid_token_name, invalid_expiry.

    An order that ends by itself names one of these in its `reject_reason`, or `liquidation` or `reset`.
    """

    def __init__(self, code: str, message: str, words: Mapping[str, Any] | None = None) -> None:
        """`words` are for the message's placeholders; its figures are the Decimals among them."""
        self.code = code
        self._template, self._words = message, words
        self.message = self.said(decimal_text)
        super().__init__(self.message)

    def said(self, show: Callable[[Decimal], str]) -> str:
        """Return the message with its figures as `show` writes them."""
        if self._words is None:
            return self._template
        return self._template % {
            name: show(word) if isinstance(word, Decimal) else word for name, word in self._words.items()
        }
