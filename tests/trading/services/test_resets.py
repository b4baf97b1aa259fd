from datetime import timedelta
from decimal import Decimal as D

import pytest

from tests.trading.rows import make_account, make_instrument, make_user, set_quote
from trading.audit import audit
from trading.errors import TradingError
from trading.models import AccountReset, Fill, Instrument, LedgerEntry, Order, Position, Quote
from trading.selectors.pnl import account_equity
from trading.services import account_reset, leverage_set, order_place, orders_match

pytestmark = pytest.mark.django_db


def place(account, side, amount, price=None, symbol="AAPL"):
    kind = "market" if price is None else "limit"
    number = None if price is None else D(price)
    return order_place(account=account, symbol=symbol, side=side, type=kind, amount=D(amount), price=number)


@pytest.fixture
def traded(account, instrument):
    """An account with a long and a short position, a resting order, and money lost."""
    set_quote(make_instrument("TSLA"), "199", "201")
    leverage_set(account=account, symbol="AAPL", leverage=4)
    place(account, "buy", 20)
    place(account, "sell", 5, symbol="TSLA")
    place(account, "buy", 10, price=90)
    account.refresh_from_db()
    return account


def test_a_reset_account_is_as_new(traded):
    account_reset(account=traded)
    traded.refresh_from_db()
    assert (traded.total, traded.used, traded.day_equity) == (D(100_000), 0, D(100_000))
    assert account_equity(traded) == D(100_000)
    assert not Order.objects.filter(status__in=("new", "partially_filled")).exists()
    for position in Position.objects.all():
        assert (position.signed_amount, position.open_cost, position.margin) == (0, 0, 0)
        assert (position.realized_pnl, position.fees) == (0, 0)
    assert audit() == []


def test_what_was_before_stays_and_is_marked(traded):
    before = {model: model.objects.count() for model in (Order, Fill, LedgerEntry)}
    admin = make_user()
    reset = account_reset(account=traded, by=admin, deposit=D(500), note="start again")
    assert Order.objects.count() == before[Order] + 2
    assert Fill.objects.count() == before[Fill] + 2
    assert reset.last_order_id == Order.objects.last().pk
    assert reset.last_fill_id == Fill.objects.last().pk
    *_, out, paid_in = LedgerEntry.objects.filter(account=traded).order_by("id")
    assert (out.kind, out.amount, out.balance_after, out.pk) == (
        "withdrawal",
        -reset.total_before,
        0,
        reset.last_entry_id,
    )
    assert (paid_in.kind, paid_in.amount, paid_in.note, paid_in.by) == ("deposit", D(500), "start again", admin)
    assert (reset.deposit, reset.by, reset.account) == (D(500), admin, traded)
    assert str(traded) in str(reset)


def test_positions_are_closed_at_the_mark_and_orders_say_why(traded):
    set_quote(Instrument.objects.get(symbol="AAPL"), "95", "97")
    account_reset(account=traded)
    closing = Order.objects.filter(origin="reset").order_by("id")
    assert [(order.side, order.amount, order.average, order.status) for order in closing] == [
        ("sell", 20, 96, "filled"),
        ("buy", 5, 200, "filled"),
    ]
    assert Order.objects.get(status="canceled").reject_reason == "reset"


def test_trading_goes_on_after_a_reset_with_the_leverage_that_was_set(traded):
    account_reset(account=traded, deposit=D(1000))
    place(traded, "buy", 20)
    place(traded, "sell", 30)
    traded.refresh_from_db()
    assert traded.used == D(10 * 99) / 4
    assert audit() == []


def test_a_reset_needs_no_market(traded):
    Quote.objects.update(updated_at=Quote.objects.first().updated_at - timedelta(hours=1))
    Instrument.objects.update(halted=True)
    Quote.objects.filter(instrument__symbol="TSLA").delete()
    account_reset(account=traded)
    assert Order.objects.get(origin="reset", instrument__symbol="TSLA").average == D(199)
    assert audit() == []


def test_an_account_that_owes_money_is_paid_up(traded):
    set_quote(Instrument.objects.get(symbol="TSLA"), "99999", "100001")
    reset = account_reset(account=traded, deposit=D(0))
    assert reset.total_before < 0
    traded.refresh_from_db()
    assert (traded.total, traded.day_equity) == (0, 0)
    assert LedgerEntry.objects.last().kind == "adjustment"
    assert audit() == []


def test_resets_can_follow_each_other(traded):
    for _ in range(2):
        account_reset(account=traded)
    assert AccountReset.objects.filter(account=traded).count() == 2
    place(traded, "sell", 3)
    assert audit() == []


def test_other_accounts_are_left_alone(traded):
    other = make_account()
    place(other, "buy", 1)
    account_reset(account=traded)
    assert other.positions.get().signed_amount == 1
    assert orders_match() == 0
    assert audit() == []


@pytest.mark.parametrize("deposit", [D(-1), D("1e11"), D("100000000.01"), D("0.000000001"), D("NaN")])
def test_a_deposit_must_be_one(traded, deposit):
    with pytest.raises(TradingError) as refused:
        account_reset(account=traded, deposit=deposit)
    assert refused.value.code == "invalid_deposit"
    assert not AccountReset.objects.exists()
