from decimal import Decimal as D

import pytest
from django.utils import timezone

from tests.trading.rows import set_quote
from tests.trading.services.placing import code_of, place, quote_sizes
from tests.trading.services.test_money import check
from trading.models import Order, Position, Quote
from trading.services import orders_match, position_protect

pytestmark = pytest.mark.django_db


def protect(account, **prices):
    return position_protect(account=account, symbol="AAPL", **{name: D(price) for name, price in prices.items()})


@pytest.mark.parametrize(
    ("side", "mark", "origin"),
    [
        ("buy", "120", "take_profit"),
        ("buy", "80", "stop_loss"),
        ("sell", "80", "take_profit"),
        ("sell", "120", "stop_loss"),
    ],
)
def test_the_first_that_is_reached_closes_the_position(account, instrument, side, mark, origin):
    place(account, side, 10)
    above, below = ("take_profit", "stop_loss") if side == "buy" else ("stop_loss", "take_profit")
    protect(account, **{above: "120", below: "80"})
    assert orders_match() == 0
    set_quote(instrument, mark, mark)
    assert orders_match() == 1
    order, position = Order.objects.latest("id"), Position.objects.get()
    assert (order.origin, order.status, order.reduce_only) == (origin, "filled", True)
    assert (position.signed_amount, position.take_profit, position.stop_loss) == (0, None, None)
    assert orders_match() == 0
    check(account)


def test_one_cancels_the_other_even_where_the_size_does_not_suffice(account, instrument):
    place(account, "buy", 10)
    protect(account, take_profit="120", stop_loss="80")
    quote_sizes(instrument, "79", "80", 4)
    orders_match()
    assert Position.objects.get().take_profit is None
    quote_sizes(instrument, "130", "131", 100)
    orders_match()
    assert list(Order.objects.values_list("origin", "status")) == [("user", "filled"), ("stop_loss", "filled")]
    assert Position.objects.get().signed_amount == 0
    check(account)


def test_an_order_brings_its_protection_along(account, instrument):
    place(account, "buy", 10, "90", take_profit="120", stop_loss="80")
    set_quote(instrument, "88", "89")
    orders_match()
    position = Position.objects.get()
    assert (position.take_profit, position.stop_loss) == (D(120), D(80))
    place(account, "buy", 10)
    position.refresh_from_db()
    assert (position.take_profit, position.stop_loss) == (D(120), D(80))
    place(account, "sell", 30, take_profit="50")
    position.refresh_from_db()
    assert (position.signed_amount, position.take_profit, position.stop_loss) == (D(-10), D(50), None)


def test_none_clears(account, instrument):
    place(account, "buy", 10, take_profit="120", stop_loss="80")
    assert protect(account, stop_loss="85").take_profit is None
    Quote.objects.update(updated_at=timezone.now().replace(year=2020))
    position = protect(account)
    assert (position.take_profit, position.stop_loss) == (None, None)


@pytest.mark.parametrize(
    ("prices", "code"),
    [
        ({"take_profit": "100"}, "invalid_take_profit"),
        ({"stop_loss": "100"}, "invalid_stop_loss"),
        ({"stop_loss": "-1"}, "invalid_stop_loss"),
        ({"take_profit": "120.001"}, "price_off_tick"),
    ],
)
def test_what_the_mark_has_passed_is_refused(account, instrument, prices, code):
    place(account, "buy", 10)
    assert code_of(protect, account, **prices) == code


def test_there_must_be_a_position(account, instrument):
    assert code_of(protect, account, take_profit="120") == "nothing_to_reduce"


def test_protection_covers_what_is_added_later(account, instrument):
    place(account, "buy", 10, stop_loss="80")
    place(account, "buy", 5)
    set_quote(instrument, "79", "80")
    orders_match()
    assert Position.objects.get().signed_amount == 0
