"""The feeds of the trading domain, found by `pushers` when Django starts."""

from trading.feeds.balance import BalanceFeed
from trading.feeds.fills import FillsFeed
from trading.feeds.orders import OrdersFeed
from trading.feeds.pnl import PnlFeed
from trading.feeds.positions import PositionsFeed
from trading.feeds.ticker import TickerFeed

__all__ = ["BalanceFeed", "FillsFeed", "OrdersFeed", "PnlFeed", "PositionsFeed", "TickerFeed"]
