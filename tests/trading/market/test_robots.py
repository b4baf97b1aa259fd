from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import Sum

from trading import append_only
from trading.market.bars import load_bars
from trading.market.market import Market
from trading.market.replay import ReplaySource
from trading.market.robots import MOST_ORDERS, Book, Robots
from trading.models import OPEN_STATUSES, Account, Fill, Instrument, LedgerEntry, Order, Position, User
from trading.selectors.pnl import account_equity
from trading.services import account_open, order_place

RECORDED = load_bars()


def robot_account(username="alice"):
    user = User.objects.create(username=username)
    return account_open(user=user, name="robot", leverage=3, robot=True)


def trade(ticks, seed=1, interval=5.0, step=60.0):
    """Run a market and its robots; with an interval of 5 s an account acts in about every other tick."""
    market, robots = Market(ReplaySource(RECORDED), step=step), Robots(seed=seed, interval=interval)
    for _ in range(ticks):
        market.tick()
        robots.act(market.instruments, market.quotes)
    return market


def orders_of(account):
    return list(account.orders.order_by("pk").values_list("instrument__symbol", "side", "type", "amount", "price"))


def assert_books_balance(account):
    account.refresh_from_db()
    reserved = account.orders.aggregate(sum=Sum("reserved"))["sum"] or 0
    margin = account.positions.aggregate(sum=Sum("margin"))["sum"] or 0
    assert account.used == reserved + margin
    assert account.total == account.used + account.free
    assert account.total == LedgerEntry.objects.filter(account=account).aggregate(sum=Sum("amount"))["sum"]
    assert account.free >= 0


@pytest.mark.django_db
def test_robots_trade_and_the_books_balance():
    accounts = [robot_account("alice"), robot_account("bob")]
    market = trade(80)
    for account in accounts:
        assert_books_balance(account)
        assert Fill.objects.filter(account=account).count() > 5
        assert account.orders.filter(type="limit").exists()
        assert account.orders.filter(type="market").exists()
        assert account.orders.filter(status="canceled").exists()
        assert account.orders.filter(status__in=OPEN_STATUSES).count() <= MOST_ORDERS
        value = sum(
            abs(position.signed_amount) * market.quotes[position.instrument.symbol].mark
            for position in account.positions.select_related("instrument")
        )
        assert value <= 2 * account_equity(account)


@pytest.mark.django_db
def test_the_same_seed_trades_the_same():
    account = robot_account()
    traded = []
    for seed in (1, 1, 2):
        with append_only.lifted(connection):
            for model in (LedgerEntry, Fill, Order, Position):
                model.objects.all()._raw_delete(using="default")
        Instrument.objects.all().delete()
        Account.objects.update(total=100_000, used=0)
        trade(20, seed=seed)
        traded.append(orders_of(account))
    assert traded[0] == traded[1]
    assert traded[0] != traded[2]
    assert traded[0]


@pytest.mark.django_db
def test_only_robot_accounts_trade():
    user = User.objects.create(username="alice")
    trade(20)
    assert user.accounts.get().name == "paper"
    assert not Order.objects.exists()


@pytest.mark.django_db
def test_an_account_pauses_between_its_acts():
    account = robot_account()
    trade(21, interval=1.0)
    acted = account.orders.count() + account.orders.filter(status="canceled").count()
    assert 1 <= acted <= 4


@pytest.mark.django_db
def test_a_robot_that_is_too_exposed_reduces():
    account = robot_account()
    trade(1)
    order_place(account=account, symbol="AAPL", side="sell", type="market", amount=Decimal(400))
    before = account.orders.count()
    trade_on = Robots(interval=30)
    market = Market(ReplaySource(RECORDED), step=60, silence=0)
    for _ in range(3):
        market.write()
        trade_on.act(market.instruments, market.quotes)
    order = account.orders.order_by("pk")[before]
    assert (order.side, order.type, order.amount, order.status) == ("buy", "market", 200, "filled")


@pytest.mark.django_db
def test_refused_orders_are_part_of_trading(caplog):
    account = robot_account()
    caplog.set_level("DEBUG", "trading")
    trade(1)
    Instrument.objects.update(halted=True)
    market, robots = Market(ReplaySource(RECORDED), step=60, silence=0), Robots(interval=30)
    for _ in range(5):
        market.write()
        robots.act(market.instruments, market.quotes)
    assert not account.orders.exists()
    assert "Robot alice/robot: halted" in caplog.text


def test_a_book_values_long_and_short_positions():
    apple, ibm = Instrument(symbol="AAPL"), Instrument(symbol="IBM")
    positions = [
        Position(instrument=apple, signed_amount=Decimal(10), open_cost=Decimal(5000)),
        Position(instrument=ibm, signed_amount=Decimal(-5), open_cost=Decimal(1000)),
    ]
    marks = {"AAPL": Decimal(510), "IBM": Decimal(190)}
    book = Book(Account(total=Decimal(10_000)), positions, [], marks)
    assert book.exposure == 5100 + 950
    assert book.equity == 10_000 + 100 + 50
