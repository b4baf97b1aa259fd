"""The instruments of the recorded symbols, and the rules by which the paper venue trades them."""

from collections.abc import Iterable
from decimal import Decimal

from trading.market.source import TICK
from trading.models import Instrument

# As the companies were called in the recorded years.
NAMES = {
    "AAPL": "Apple Inc.",
    "FB": "Facebook, Inc.",
    "GOOG": "Google Inc.",
    "IBM": "International Business Machines Corporation",
    "MSFT": "Microsoft Corporation",
}


def list_instruments(symbols: Iterable[str]) -> dict[str, Instrument]:
    """Create those instruments that do not exist and return all of them by symbol; existing ones stay as they are."""
    wanted = sorted(symbols)
    missing = set(wanted) - set(Instrument.objects.filter(symbol__in=wanted).values_list("symbol", flat=True))
    if missing:
        Instrument.objects.bulk_create([_instrument(symbol) for symbol in sorted(missing)], ignore_conflicts=True)
    return {instrument.symbol: instrument for instrument in Instrument.objects.filter(symbol__in=wanted)}


def _instrument(symbol: str) -> Instrument:
    return Instrument(
        symbol=symbol,
        name=NAMES.get(symbol, symbol),
        currency="USD",
        tick_size=TICK,
        step_size=Decimal(1),
        minimum_notional=Decimal(10),
        maker_fee_rate=Decimal("0.0005"),
        taker_fee_rate=Decimal("0.001"),
        slippage_rate=Decimal("0.0001"),
        maintenance_margin_rate=Decimal("0.05"),
        maximum_leverage=5,
    )
