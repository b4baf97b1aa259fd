from decimal import Decimal

import pytest

from tests.benchmarks import population
from tests.trading.rows import make_account, make_instrument, set_quote
from trading.models import Account, Order, Quote
from trading.services import order_place

pytestmark = pytest.mark.django_db


def test_what_changes_before_a_tick_leaves_amounts_that_can_be_read():
    account, instrument = make_account(), make_instrument()
    set_quote(instrument, "99", "101")
    placed = order_place(
        account=account, symbol=instrument.symbol, side="buy", type="limit", amount=Decimal(2), price=Decimal(9)
    )
    total, mark = Account.objects.get(pk=account.pk).total, Quote.objects.get(instrument=instrument).mark
    population.change_everything()
    population.change_some([account.user_id])
    assert Account.objects.get(pk=account.pk).total == total + 1
    assert Quote.objects.get(instrument=instrument).mark == mark + Decimal("0.01")
    assert Order.objects.get(pk=placed.pk).filled == 2 * Decimal(population.UNIT)
