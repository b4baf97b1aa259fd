from decimal import Decimal as D

import pytest

from tests.trading.rows import make_account, set_quote
from tests.trading.services.placing import code_of, place, quote_sizes
from trading.models import Account, Instrument, Order, Position
from trading.services import accounts_liquidate, order_place, order_preview

pytestmark = pytest.mark.django_db


def preview(account, side, amount, kind="market", **more):
    return order_preview(account=account, symbol="AAPL", side=side, type=kind, amount=D(amount), **more)


@pytest.mark.parametrize(
    ("side", "amount", "more"),
    [
        ("buy", 10, {}),
        ("buy", 10, {"kind": "limit", "price": D(90)}),
        ("buy", 10, {"kind": "limit", "price": D(105)}),
        ("sell", 3, {}),
        ("sell", 25, {}),
        ("sell", 25, {"kind": "limit", "price": D(120)}),
        ("buy", 10, {"kind": "stop_market", "trigger_price": D(110)}),
    ],
)
def test_free_money_afterwards_is_what_the_order_leaves(account, instrument, side, amount, more):
    Instrument.objects.update(slippage_rate=D("0.001"))
    place(account, "buy", 10)
    seen = preview(account, side, amount, **more)
    assert seen.reasons == ()
    kind = more.pop("kind", "market")
    order = order_place(account=account, symbol="AAPL", side=side, type=kind, amount=D(amount), **more)
    account.refresh_from_db()
    assert (seen.free_after, seen.amount) == (account.free, order.amount)
    if order.filled:
        assert seen.price == order.average
        assert seen.fee == order.fills.get().fee


def test_it_says_what_the_order_needs(account, instrument):
    seen = preview(account, "buy", 10, "limit", price=D(90), leverage=5)
    assert (seen.notional, seen.margin, seen.fee) == (D(900), D(180), D("0.45"))


def test_a_closing_order_needs_no_margin(account, instrument):
    place(account, "buy", 10)
    assert preview(account, "sell", 10).margin == 0
    assert preview(account, "sell", 10).liquidation_price is None


def test_the_liquidation_price_is_where_liquidation_begins(instrument):
    account = make_account(total=D(1000), leverage=5)
    price = preview(account, "buy", 40).liquidation_price
    assert price == D("80.10631579")
    place(account, "buy", 40)
    quote_sizes(instrument, "80.11", "80.11", 100)
    assert accounts_liquidate() == 0
    set_quote(instrument, "80.1", "80.1")
    assert accounts_liquidate() == 1


def test_who_cannot_lose_it_all_has_no_liquidation_price(account, instrument):
    assert preview(account, "buy", 10).liquidation_price is None
    assert preview(account, "sell", 10).liquidation_price > 9000


@pytest.mark.parametrize(
    ("order", "code"),
    [
        ({"amount": 5000}, "insufficient_margin"),
        ({"amount": 5000, "kind": "limit", "price": D(90)}, "insufficient_margin"),
        ({"amount": "1.5"}, "amount_off_step"),
        ({"amount": 1, "kind": "limit", "price": D("90.001")}, "price_off_tick"),
        ({"amount": 1, "reduce_only": True}, "nothing_to_reduce"),
        ({"amount": 1, "kind": "limit", "price": D(105), "post_only": True}, "post_only_would_take"),
    ],
)
def test_it_says_why_the_order_would_be_refused(account, instrument, order, code):
    assert [reason.code for reason in preview(account, "buy", **order).reasons] == [code]


def test_a_halt_is_a_reason(account, instrument):
    Instrument.objects.update(halted=True)
    assert [reason.code for reason in preview(account, "buy", 1).reasons] == ["halted"]


def test_there_is_nothing_to_reckon_with_without_form_or_market(account, instrument):
    assert code_of(preview, account, "buy", 0) == "invalid_amount"
    assert code_of(preview, account, "buy", 1, leverage=6) == "invalid_leverage"
    instrument.quote.delete()
    assert code_of(preview, account, "buy", 1) == "stale_market"


def test_nothing_is_written(account, instrument, django_assert_num_queries):
    before = Account.objects.values().get(pk=account.pk)
    with django_assert_num_queries(5):
        preview(account, "buy", 10, leverage=3)
    assert Account.objects.values().get(pk=account.pk) == before
    assert not Order.objects.exists()
    assert not Position.objects.exists()
