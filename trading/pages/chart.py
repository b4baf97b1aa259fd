"""The price chart as the server renders it: its symbol with the newest price; the script draws the candles."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from trading.models import Instrument
from trading.pages.documents import Row
from trading.pages.market_panel import MarketPanel

# The market has candles by the minute and by the day; the script makes those between of minutes.
INTERVALS = [("1m", _("1 m")), ("5m", _("5 m")), ("15m", _("15 m")), ("1d", _("1 d"))]
LEGEND = [
    ("time", pgettext_lazy("of a candle", "Time")),
    ("open", pgettext_lazy("of a candle", "O")),
    ("high", pgettext_lazy("of a candle", "H")),
    ("low", pgettext_lazy("of a candle", "L")),
    ("close", pgettext_lazy("of a candle", "C")),
    ("volume", pgettext_lazy("of a candle", "Vol.")),
]
# What the script writes at the lines of own orders and positions.
CHART_LABELS = {
    "mark-order": _("{side} {amount} at {price}"),
    "mark-trigger": _("{side} {amount}, trigger {price}"),
    "mark-entry": _("{side} {amount} at {price}"),
    "mark-liquidation": _("Liquidation {price}"),
    "mark-takeProfit": _("Take profit {price}"),
    "mark-stopLoss": _("Stop loss {price}"),
    "mark-of": _("{account}: {text}"),
    "mark-how": _("The arrow keys change the price, Enter amends the order, Escape leaves it."),
}


@dataclass(frozen=True)
class ChartPanel:
    """The symbol that the chart begins with, or an empty one, and its ticker's row as on the wire."""

    symbol: str
    name: str
    row: Row
    intervals = INTERVALS
    legend = LEGEND


def chart_panel(market: MarketPanel, wanted: str | None) -> ChartPanel:
    """Return the chart of the wanted symbol, or of the first one where that is not among the market's."""
    symbol = wanted if wanted in market.symbols else next(iter(market.symbols), "")
    name = Instrument.objects.filter(symbol=symbol).values_list("name", flat=True).first()
    return ChartPanel(symbol=symbol, name=name or "", row=dict(market.rows).get(symbol, {}))
