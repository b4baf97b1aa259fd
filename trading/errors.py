"""The errors of the trading domain: one class, stable codes."""


class TradingError(Exception):
    """A request that the rules refuse.

    `code` is stable and meant for programs; `message` is for people, in the language active where it is raised, and
    names what was expected and what was found. The codes:
    unknown_symbol, halted, invalid_side, invalid_type, invalid_amount, invalid_price, price_required,
    price_not_allowed, price_off_tick, amount_off_step, amount_too_large, below_minimum_notional, insufficient_margin,
    stale_market, invalid_client_order_id, duplicate_client_order_id, not_open, duplicate_account, invalid_deposit,
    invalid_account_name, invalid_leverage, invalid_scope,
    insufficient_funds, reason_required.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
