"""The demo's people: traders with a few positions taken by hand, an account each for the robot, and an admin."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from trading.errors import TradingError
from trading.market.bars import load_bars
from trading.market.market import SILENCE_SECONDS, Market
from trading.market.replay import ReplaySource
from trading.models import Account, Order, Quote, Side, User
from trading.services import account_open, order_place, position_protect

PASSWORD = "paper-trading"  # public: the command that calls this wants to hear that it is a demo
ADMIN = "admin"
ROBOT_LEVERAGE = 3
PROTECTED_PART = Decimal("0.1")  # of the mark; the traders' first positions are long


class DemoError(Exception):
    """The demo cannot be set up; the message says what stands in the way."""


@dataclass(frozen=True)
class Trader:
    """A demo trader: the market orders that made his positions, and one order that rests."""

    first_name: str
    bought: dict[str, int]  # symbol -> amount; negative was sold short
    resting: tuple[str, Side, int, Decimal]  # symbol, side, amount, limit price as a part of the last price


# No more than 100 of each: every quote has that much, so a trader's positions are whole when he signs in.
TRADERS = {
    "alice": Trader("Alice", {"AAPL": 40, "IBM": 100}, ("GOOG", Side.BUY, 20, Decimal("0.97"))),
    "bob": Trader("Bob", {"MSFT": 100, "FB": -100}, ("AAPL", Side.SELL, 25, Decimal("1.04"))),
    "carol": Trader("Carol", {"GOOG": 50, "MSFT": -100}, ("FB", Side.BUY, 400, Decimal("0.90"))),
}


def seed_demo() -> int:
    """Create what is missing of the demo and return the number of users created.

    Raises DemoError where an account's first orders are refused.
    """
    created = sum(_user(username, trader.first_name) for username, trader in TRADERS.items())
    created += _admin()
    untraded = [account for account in _paper_accounts() if not account.orders.exists()]
    stamp = _refresh_quotes() if untraded or not Quote.objects.exists() else None
    for account in untraded:
        try:
            _trade(account, TRADERS[account.user.username])
        except TradingError as error:
            raise DemoError(f"The first orders of {account} were refused: {error}") from error
    if stamp is not None:
        _hand_over(stamp)
    return created


def _user(username: str, first_name: str) -> bool:
    """Create a trader and his accounts where they are missing; say whether the user is new."""
    user, created = User.objects.get_or_create(username=username, defaults={"first_name": first_name})
    if created:
        user.set_password(PASSWORD)
        user.save()
    names = set(user.accounts.values_list("name", flat=True))  # a new user has had "paper" opened by a signal
    if "paper" not in names:
        account_open(user=user)
    if "robot" not in names:
        account_open(user=user, name="robot", leverage=ROBOT_LEVERAGE, robot=True)
    return created


def _admin() -> bool:
    if User.objects.filter(username=ADMIN).exists():
        return False
    User.objects.create_superuser(ADMIN, email="", password=PASSWORD, first_name="Admin")
    return True


def _paper_accounts() -> list[Account]:
    accounts = Account.objects.filter(name="paper", user__username__in=TRADERS)
    return list(accounts.select_related("user").order_by("pk"))


def _refresh_quotes() -> datetime | None:
    """Have quotes that orders can be filled at: the market's first ones, or the last ones of a stopped market.

    Return their time stamp where it is ours; None where a market is running.
    """
    now = timezone.now()
    newest = Quote.objects.aggregate(newest=Max("updated_at"))["newest"]
    if newest is None:
        Market(ReplaySource(load_bars()), step=0).write()
    elif (now - newest).total_seconds() > SILENCE_SECONDS:
        Quote.objects.update(updated_at=now)
    else:
        return None
    return Quote.objects.aggregate(newest=Max("updated_at"))["newest"]


def _hand_over(stamp: datetime) -> None:
    """Make our quotes as old as those of a market that is gone, so that the one that starts now need not wait for us.

    They stay young enough to count as fresh on the first pages.
    """
    Quote.objects.filter(updated_at=stamp).update(updated_at=stamp - timedelta(seconds=SILENCE_SECONDS))


@transaction.atomic
def _trade(account: Account, trader: Trader) -> None:
    """Place a trader's first orders, all of them or none."""
    for symbol, amount in trader.bought.items():
        side = Side.BUY if amount > 0 else Side.SELL
        order_place(account=account, symbol=symbol, side=side, type=Order.Type.MARKET, amount=Decimal(abs(amount)))
    _protect(account, next(iter(trader.bought)))
    symbol, side, amount, part = trader.resting
    price = (Quote.objects.get(instrument__symbol=symbol).last * part).to_integral_value(ROUND_HALF_EVEN)
    order_place(account=account, symbol=symbol, side=side, type=Order.Type.LIMIT, amount=Decimal(amount), price=price)


def _protect(account: Account, symbol: str) -> None:
    """Give the position a take profit and a stop loss, as far away from the mark on either side."""
    mark = Quote.objects.get(instrument__symbol=symbol).mark
    away = (mark * PROTECTED_PART).to_integral_value(ROUND_HALF_EVEN)
    position_protect(account=account, symbol=symbol, take_profit=mark + away, stop_loss=mark - away)
