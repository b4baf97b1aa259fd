from decimal import Decimal as D

import pytest

from tests.trading.services.placing import code_of, place
from tests.trading.services.test_money import check
from trading.models import Account, Position
from trading.services import leverage_set

pytestmark = pytest.mark.django_db


def lever(account, leverage):
    return leverage_set(account=account, symbol="AAPL", leverage=leverage)


def test_the_next_position_has_it(account, instrument):
    assert lever(account, 4).signed_amount == 0
    place(account, "buy", 10)
    position = Position.objects.get()
    assert (position.leverage, position.margin) == (4, D("252.5"))
    place(account, "sell", 10)
    place(account, "sell", 10)
    assert Position.objects.get().leverage == 4
    check(account)


def test_an_open_position_and_its_orders_take_it_on(account, instrument):
    place(account, "buy", 10)
    order = place(account, "buy", 10, "90")
    assert lever(account, 5).margin == D(202)
    order.refresh_from_db()
    assert order.reserved == D("180.9")
    check(account)


def test_less_leverage_needs_the_money_for_it(account, instrument):
    lever(account, 5)
    place(account, "buy", 2000)
    assert code_of(lever, account, 1) == "insufficient_margin"
    assert Position.objects.get().leverage == 5
    assert lever(account, 3).leverage == 3
    check(account)


def test_more_leverage_is_allowed_without_free_money(account, instrument):
    place(account, "buy", 980)
    Account.objects.update(total=D(98_000))
    assert lever(account, 5).leverage == 5


def test_an_order_that_is_sent_again_sets_no_leverage_again(account, instrument):
    first = place(account, "buy", 10, leverage=2, client_order_id="mine-1")
    lever(account, 4)
    assert place(account, "buy", 10, leverage=2, client_order_id="mine-1").pk == first.pk
    assert Position.objects.get().leverage == 4
    check(account)


@pytest.mark.parametrize("leverage", [0, 6, -1, True, "2", 1.5])
def test_what_the_instrument_does_not_allow_is_refused(account, instrument, leverage):
    assert code_of(lever, account, leverage) == "invalid_leverage"


def test_an_unknown_symbol_is_refused(account, instrument):
    assert code_of(leverage_set, account=account, symbol="NONE", leverage=2) == "unknown_symbol"
