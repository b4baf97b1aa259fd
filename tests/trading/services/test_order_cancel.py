from datetime import timedelta
from decimal import Decimal as D

import pytest
from django.utils import timezone

from tests.trading.rows import make_account, make_instrument, set_quote
from tests.trading.services.placing import code_of, place, quote_sizes
from tests.trading.services.test_money import check
from trading.models import Fill, Instrument, Order, OrderStatus, Quote
from trading.models.order import MOVES
from trading.services import order_cancel, orders_cancel, orders_match
from trading.services.accounts import account_work
from trading.services.executions import Execution
from trading.services.fills import fill_record

pytestmark = pytest.mark.django_db


def test_a_cancel_keeps_the_fills(account, instrument):
    quote_sizes(instrument, "99", "101", 4)
    order = order_cancel(order=place(account, "buy", 10))
    assert (order.status, order.filled, order.reserved) == ("canceled", D(4), 0)
    check(account)


def test_canceling_all_leaves_other_symbols_and_accounts_alone(account, instrument):
    other = make_account()
    set_quote(make_instrument("MSFT"), "49", "51")
    mine = [place(account, "buy", 10, "90"), place(account, "buy", 10, trigger_price="120")]
    kept = [place(account, "buy", 10, "40", symbol="MSFT"), place(other, "buy", 10, "90")]
    assert orders_cancel(account=account, symbol="AAPL") == mine
    assert set(Order.objects.filter(status="new")) == set(kept)
    assert orders_cancel(account=account) == kept[:1]
    assert orders_cancel(account=account) == []
    check(account)
    assert not account.orders.filter(reserved__gt=0).exists()


def test_a_cancel_needs_no_market(account, instrument):
    orders = [place(account, "buy", 10, "90"), place(account, "buy", 10, "91")]
    Instrument.objects.update(halted=True)
    Quote.objects.update(updated_at=timezone.now() - timedelta(minutes=1))
    order_cancel(order=orders[0])
    Quote.objects.all().delete()
    assert orders_cancel(account=account) == orders[1:]


def test_nothing_fills_after_a_cancel(account, instrument):
    order = order_cancel(order=place(account, "buy", 10, "90"))
    set_quote(instrument, "88", "89")
    assert orders_match() == 0
    with account_work(account.pk) as locked:
        code = code_of(fill_record, account=locked, order=order, execution=Execution(D(90), D(1), "maker"))
    assert code == "not_open"
    assert not Fill.objects.exists()


def test_each_trade_is_applied_once(account, instrument):
    order = place(account, "buy", 10, "90")
    with account_work(account.pk) as locked:
        fill_record(account=locked, order=order, execution=Execution(D(90), D(4), "maker", trade_id="t1"))
        again = {"account": locked, "order": order, "execution": Execution(D(89), D(4), "maker", trade_id="t1")}
        assert code_of(fill_record, **again) == "duplicate_trade"
    assert Fill.objects.get().price == D(90)
    check(account)


def test_no_fill_is_larger_than_what_is_left(account, instrument):
    order = place(account, "buy", 10, "90")
    with account_work(account.pk) as locked:
        code = code_of(fill_record, account=locked, order=order, execution=Execution(D(90), D(11), "maker"))
    assert code == "not_open"


@pytest.mark.parametrize("status", [status for status in OrderStatus if status not in MOVES])
def test_a_closed_order_stays_what_it_is(status):
    for other in OrderStatus:
        with pytest.raises(ValueError, match=f"never becomes {other}"):
            Order(status=status).move(other)


def test_what_has_filled_is_never_new_or_rejected_again():
    for other in (OrderStatus.NEW, OrderStatus.REJECTED):
        with pytest.raises(ValueError, match="never becomes"):
            Order(status=OrderStatus.PARTIALLY_FILLED).move(other)
