"""Read instruments and the rules by which they trade."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from trading.models import Instrument


class InstrumentRow(NamedTuple):
    """One instrument; rates are fractions."""

    symbol: str
    name: str
    currency: str
    tick_size: Decimal
    step_size: Decimal
    minimum_notional: Decimal
    maker_fee_rate: Decimal
    taker_fee_rate: Decimal
    slippage_rate: Decimal
    maintenance_margin_rate: Decimal
    maximum_leverage: int
    halted: bool


def instruments(symbols: Sequence[str] | None = None) -> list[InstrumentRow]:
    """Return the instruments, all unless `symbols` names some, in the order of their symbols, in one query."""
    rows = Instrument.objects.order_by("symbol")
    if symbols is not None:
        rows = rows.filter(symbol__in=[symbol for symbol in symbols if symbol.isprintable()])
    return [InstrumentRow._make(row) for row in rows.values_list(*InstrumentRow._fields)]
