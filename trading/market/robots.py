"""Robot traders: seeded, small and careful, so that the accounts of a demo move while nobody trades by hand."""

import logging
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from django.core.exceptions import ObjectDoesNotExist

from trading.accounting import notional, unrealized_pnl
from trading.errors import TradingError
from trading.market.source import SourceQuote
from trading.models import OPEN_STATUSES, Account, Instrument, Order, Position, Side
from trading.services import order_cancel, order_place

logger = logging.getLogger(__name__)

PAUSE_SECONDS = (5.0, 10.0)  # between two acts of an account: alive, but readable
MOST_PER_TICK = 20  # with very many robots they take turns, so that the market keeps its pace
MOST_EXPOSURE = Decimal("1.5")  # of the equity; above it the robot only reduces
MOST_ORDERS = 4  # open ones per account
ORDER_PARTS = (0.003, 0.015)  # of the equity in one order: fees take a few percent of the account in a day
LIMIT_DISTANCES = (0.0002, 0.003)  # of the price: minutes of the market away
AGAINST_POSITION = 0.55  # how often an order goes against the position: exposure returns by itself
ACTS = {"limit": 6, "market": 2, "cancel": 2}


@dataclass(frozen=True)
class Book:
    """What a robot looks at before it acts: one account's positions and open orders at the present marks."""

    account: Account
    positions: Sequence[Position]
    orders: Sequence[Order]
    marks: Mapping[str, Decimal]

    @property
    def exposure(self) -> Decimal:
        """The value of all positions, long and short alike."""
        return sum((self.value(position) for position in self.positions), Decimal(0))

    @property
    def equity(self) -> Decimal:
        """Total plus what closing at the marks would bring."""
        gains = (
            unrealized_pnl(position.signed_amount, position.open_cost, self.marks[position.instrument.symbol])
            for position in self.positions
        )
        return self.account.total + sum(gains, Decimal(0))

    def value(self, position: Position) -> Decimal:
        """Return a position's absolute value at the mark."""
        return notional(self.marks[position.instrument.symbol], abs(position.signed_amount))


class Robots:
    """Trades every account that has `robot` set, through the same services as a person's orders.

    The same seed does the same on the same prices. `interval` is the real time between two calls of `act`, in seconds.
    """

    def __init__(self, *, seed: int = 1, interval: float = 1.0) -> None:
        self.seed = seed
        self.interval = interval
        self._seconds = 0.0
        self._due: dict[int, float] = {}
        self._generators: dict[int, random.Random] = {}

    def act(self, instruments: Mapping[str, Instrument], quotes: Mapping[str, SourceQuote]) -> None:
        """Let those accounts act whose pause is over. A refused order is part of trading and no failure."""
        self._seconds += self.interval
        accounts = Account.objects.filter(robot=True).order_by("pk")
        due = [account for account in accounts if self._next_act(account) <= self._seconds]
        for account in due[:MOST_PER_TICK]:
            generator = self._generators[account.pk]
            self._due[account.pk] = self._seconds + generator.uniform(*PAUSE_SECONDS)
            try:
                _Move(account, instruments, quotes, generator).make()
            except (TradingError, ObjectDoesNotExist) as error:  # an admin may delete what the robot looks at
                said = error.code if isinstance(error, TradingError) else error  # its message has the account's figures
                logger.debug("Robot %s: %s", account, said)

    def _next_act(self, account: Account) -> float:
        if account.pk not in self._due:
            generator = random.Random(f"{self.seed}/{account.pk}")
            self._generators[account.pk] = generator
            # Robots that start together would otherwise act together for ever.
            self._due[account.pk] = self._seconds + generator.uniform(0, PAUSE_SECONDS[1])
        return self._due[account.pk]


class _Move:
    """One act of one robot."""

    def __init__(
        self,
        account: Account,
        instruments: Mapping[str, Instrument],
        quotes: Mapping[str, SourceQuote],
        generator: random.Random,
    ) -> None:
        marks = {symbol: quote.mark for symbol, quote in quotes.items()}
        held = Position.objects.filter(account=account).exclude(signed_amount=0).select_related("instrument")
        positions = [position for position in held if position.instrument.symbol in marks]
        orders = Order.objects.filter(account=account, status__in=OPEN_STATUSES).order_by("pk")
        self.book = Book(account, positions, list(orders), marks)
        self.account, self.instruments, self.quotes, self.generator = account, instruments, quotes, generator

    def make(self) -> None:
        """Reduce when too exposed, cancel when too many orders rest, and otherwise do as the dice say."""
        if self.book.exposure > MOST_EXPOSURE * self.book.equity:
            self._reduce()
        elif len(self.book.orders) >= MOST_ORDERS:
            order_cancel(order=self.book.orders[0])
        else:
            act = self.generator.choices(list(ACTS), list(ACTS.values()))[0]
            {"limit": self._limit, "market": self._market, "cancel": self._cancel}[act]()

    def _reduce(self) -> None:
        position = max(self.book.positions, key=self.book.value)
        side = Side.SELL if position.signed_amount > 0 else Side.BUY
        amount = _rounded(abs(position.signed_amount) / 2, position.instrument.step_size)
        order_place(
            account=self.account, symbol=position.instrument.symbol, side=side, type=Order.Type.MARKET, amount=amount
        )

    def _market(self) -> None:
        symbol, side = self._choice()
        order_place(account=self.account, symbol=symbol, side=side, type=Order.Type.MARKET, amount=self._amount(symbol))

    def _limit(self) -> None:
        symbol, side = self._choice()
        quote, tick = self.quotes[symbol], self.instruments[symbol].tick_size
        distance = Decimal(str(round(self.generator.uniform(*LIMIT_DISTANCES), 6)))
        if side == Side.BUY:
            price = (quote.bid * (1 - distance) / tick).to_integral_value(ROUND_FLOOR) * tick
        else:
            price = (quote.ask * (1 + distance) / tick).to_integral_value(ROUND_CEILING) * tick
        order_place(
            account=self.account,
            symbol=symbol,
            side=side,
            type=Order.Type.LIMIT,
            amount=self._amount(symbol),
            price=price,
        )

    def _cancel(self) -> None:
        if self.book.orders:
            order_cancel(order=self.generator.choice(self.book.orders))

    def _choice(self) -> tuple[str, Side]:
        symbol = self.generator.choice(sorted(self.quotes))
        held = sum(position.signed_amount for position in self.book.positions if position.instrument.symbol == symbol)
        if not held:
            return symbol, self.generator.choice((Side.BUY, Side.SELL))
        against, along = (Side.SELL, Side.BUY) if held > 0 else (Side.BUY, Side.SELL)
        return symbol, against if self.generator.random() < AGAINST_POSITION else along

    def _amount(self, symbol: str) -> Decimal:
        part = Decimal(str(round(self.generator.uniform(*ORDER_PARTS), 4)))
        step = self.instruments[symbol].step_size
        return _rounded(self.book.equity * part / self.quotes[symbol].last, step)


def _rounded(amount: Decimal, step: Decimal) -> Decimal:
    """Return the amount in whole steps, at least one."""
    return max(Decimal(1), (amount / step).to_integral_value(ROUND_FLOOR)) * step
