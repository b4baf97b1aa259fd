from decimal import Decimal as D

import pytest
from django.utils import timezone

from tests.trading.rows import make_account, make_instrument, set_quote
from tests.trading.services.placing import code_of, place, quote_sizes
from tests.trading.services.test_money import check
from trading.models import Account, Instrument, Position, Quote
from trading.services import orders_match, position_close

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_all_of_it(account, instrument, side):
    place(account, side, 10)
    order = position_close(account=account, symbol="AAPL")
    assert (order.origin, order.reduce_only, order.status) == ("close", True, "filled")
    assert Position.objects.get().signed_amount == 0
    check(account)


def test_part_of_it(account, instrument):
    place(account, "buy", 10)
    position_close(account=account, symbol="AAPL", amount=D(4))
    assert Position.objects.get().signed_amount == D(6)
    assert position_close(account=account, symbol="AAPL", amount=D(40)).amount == D(6)
    assert code_of(position_close, account=account, symbol="AAPL", amount=D(0)) == "invalid_amount"
    assert code_of(position_close, account=account, symbol="AAPL") == "nothing_to_reduce"


def test_what_the_quote_has_no_size_for_goes_on(account, instrument):
    place(account, "buy", 10)
    quote_sizes(instrument, "98", "100", 6)
    order = position_close(account=account, symbol="AAPL")
    assert (order.status, order.filled, order.reserved) == ("partially_filled", D(6), 0)
    quote_sizes(instrument, "97", "99", 6)
    assert orders_match() == 1
    assert Position.objects.get().signed_amount == 0
    check(account)


def test_closing_twice_never_turns_the_position(account, instrument):
    place(account, "buy", 10)
    quote_sizes(instrument, "98", "100", 6)
    orders = [position_close(account=account, symbol="AAPL") for _ in range(2)]
    quote_sizes(instrument, "97", "99", 100)
    orders_match()
    assert Position.objects.get().signed_amount == 0
    for order in orders:
        order.refresh_from_db()
    assert [order.status for order in orders] == ["filled", "canceled"]
    check(account)


def test_it_needs_no_free_money(account, instrument):
    place(account, "buy", 989)
    set_quote(instrument, "1", "2")
    Account.objects.update(total=D(50_000))
    assert position_close(account=account, symbol="AAPL").status == "filled"


def test_what_is_off_the_step_can_be_closed_whole(account, instrument):
    place(account, "buy", 10)
    Instrument.objects.update(step_size=D(4))
    assert code_of(position_close, account=account, symbol="AAPL", amount=D(3)) == "amount_off_step"
    assert position_close(account=account, symbol="AAPL").status == "filled"


@pytest.mark.parametrize(("change", "code"), [({"halted": True}, "halted"), ({}, "stale_market")])
def test_it_needs_a_market(account, instrument, change, code):
    place(account, "buy", 10)
    Instrument.objects.update(**change) if change else Quote.objects.update(
        updated_at=timezone.now().replace(year=2020)
    )
    assert code_of(position_close, account=account, symbol="AAPL") == code


def test_another_accounts_position_is_not_closed(account, instrument):
    make_instrument("MSFT")
    place(account, "buy", 10)
    assert code_of(position_close, account=make_account(), symbol="AAPL") == "nothing_to_reduce"
    assert code_of(position_close, account=account, symbol="NONE") == "unknown_symbol"
