"""What a freeze refuses, and what it leaves."""

from decimal import Decimal as D

import pytest

from tests.trading.rows import make_account, make_instrument, make_user, set_quote
from trading.errors import TradingError
from trading.models import AuditEntry, TradingFreeze, User
from trading.services import (
    Operator,
    order_amend,
    order_cancel,
    order_place,
    order_preview,
    orders_match,
    position_close,
    trading_freeze,
    trading_unfreeze,
)

pytestmark = pytest.mark.django_db

BY = Operator(None, "192.0.2.7", "Test agent")


def place(account, **fields):
    defaults = {"symbol": "AAPL", "side": "buy", "type": "limit", "amount": D(2), "price": D(50)}
    return order_place(account=account, **{**defaults, **fields})


def refused(act):
    with pytest.raises(TradingError) as caught:
        act()
    assert caught.value.code == "trading_frozen"
    return caught.value.message


@pytest.fixture(params=["user", "instrument", "site"])
def frozen(request, account, instrument):
    """An account with a position and a resting order, frozen in one of the three ways."""
    order_place(account=account, symbol="AAPL", side="buy", type="market", amount=D(10))
    order = place(account)
    whom = {"user": {"user": account.user}, "instrument": {"instrument": instrument}, "site": {}}[request.param]
    trading_freeze(**whom, reason="a complaint", by=BY)
    return account, order, whom


def test_nothing_new_is_opened(frozen):
    account, _, _ = frozen
    assert "frozen" in refused(lambda: place(account))
    assert "frozen" in refused(lambda: place(account, type="market", price=None))
    assert [reason.code for reason in order_preview(account=account, symbol="AAPL", side="buy", type="limit",
            amount=D(2), price=D(50)).reasons] == ["trading_frozen"]  # fmt: skip


def test_an_order_becomes_smaller_and_nothing_else(frozen):
    _, order, _ = frozen
    refused(lambda: order_amend(order=order, amount=D(3)))
    refused(lambda: order_amend(order=order, price=D(51)))
    assert order_amend(order=order, amount=D(1)).amount == 1


def test_what_is_open_is_canceled_reduced_and_closed(frozen):
    account, order, _ = frozen
    assert order_cancel(order=order).status == "canceled"
    sell = {"side": "sell", "type": "market", "price": None, "reduce_only": True}
    assert place(account, amount=D(4), **sell).status == "filled"
    assert position_close(account=account, symbol="AAPL").status == "filled"


def test_what_rests_is_filled_as_before(frozen, instrument):
    _, order, _ = frozen
    set_quote(instrument, "49", "50")
    orders_match()
    order.refresh_from_db()
    assert order.status == "filled"


def test_others_and_other_instruments_are_free(account, instrument):
    set_quote(make_instrument("MSFT"), "99", "101")
    trading_freeze(user=account.user, reason="a complaint", by=BY)
    trading_freeze(instrument=instrument, reason="a rumour", by=BY)
    assert place(make_account(), symbol="MSFT").status == "new"


def test_it_ends_and_both_are_in_the_trail(frozen):
    account, _, whom = frozen
    assert trading_unfreeze(**whom, reason="settled", by=BY)
    assert not trading_unfreeze(**whom, reason="settled", by=BY)
    assert place(account).status == "new"
    assert [(entry.action, entry.reason, entry.address) for entry in AuditEntry.objects.order_by("id")] == [
        ("trading.freeze", "a complaint", "192.0.2.7"),
        ("trading.unfreeze", "settled", "192.0.2.7"),
    ]


def test_a_second_freeze_changes_nothing(account):
    first = trading_freeze(user=account.user, reason="a complaint", by=BY)
    assert trading_freeze(user=account.user, reason="another", by=BY) == first
    assert TradingFreeze.objects.get().reason == "a complaint"


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201])
def test_a_freeze_takes_a_reason(account, reason):
    with pytest.raises(TradingError) as caught:
        trading_freeze(user=account.user, reason=reason, by=BY)
    assert caught.value.code == "reason_required"
    assert not TradingFreeze.objects.exists()


def test_a_request_that_was_let_in_before_a_deactivation_opens_nothing(account, instrument):
    User.objects.filter(pk=account.user_id).update(is_active=False)
    refused(lambda: place(account))


def test_it_costs_one_query(account, instrument, django_assert_num_queries):
    from trading.models import Order
    from trading.services.freezes import check_not_frozen

    make_user()
    with django_assert_num_queries(1):
        check_not_frozen(account, Order(instrument=instrument))
