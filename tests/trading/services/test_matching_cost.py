"""What a tick costs while 10,000 orders rest and none of them is concerned."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from tests.trading.rows import bulk_accounts, make_account, make_instrument, set_quote
from tests.trading.services.placing import place
from trading.models import Order, Position
from trading.selectors.due import quotes_with_nearest
from trading.services import orders_match

RESTING = 10_000
INDEXES = (
    "order_resting",
    "order_waiting",
    "order_taking",
    "order_expiring",
    "position_long_take_profit",
    "position_long_stop_loss",
    "position_short_take_profit",
    "position_short_stop_loss",
)


@pytest.fixture
def crowd(db):
    """Resting, waiting and DAY orders of 20 accounts, and 400 protected positions, all away from the quote 99 / 101."""
    accounts = bulk_accounts(20)
    instruments = [make_instrument(f"S{number}") for number in range(20)]
    for instrument in instruments:
        set_quote(instrument, "99", "101")
    Order.objects.bulk_create(
        _order(accounts[number % 20], instruments[number // 20 % 20], number) for number in range(RESTING)
    )
    Position.objects.bulk_create(
        Position(account=account, instrument=instrument, signed_amount=sign, open_cost=100, margin=100, **prices)
        for number, account in enumerate(accounts)
        for instrument in instruments
        for sign, prices in [
            (1, {"take_profit": 150, "stop_loss": 50}) if number % 2 else (-1, {"take_profit": 50, "stop_loss": 150})
        ]
    )
    return accounts


def _order(account, instrument, number):
    away = number % 40
    shared = {"account": account, "instrument": instrument, "amount": 1}
    buys = number // 400 % 2
    if number % 3 == 0:
        trigger = {"trigger_price": 110 + away if buys else 90 - away}
        return Order(side="buy" if buys else "sell", type="stop_market", **trigger, **shared)
    ends = {"expires_at": timezone.now() + timedelta(hours=1)} if number % 3 == 1 else {}
    return Order(
        side="buy" if buys else "sell", type="limit", price=90 - away if buys else 110 + away, **ends, **shared
    )


def test_resting_orders_cost_one_query_and_nothing_else(crowd, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert orders_match() == 0


def test_what_crosses_costs_the_same_however_much_rests(crowd, django_assert_max_num_queries):
    instrument = make_instrument()
    set_quote(instrument, "99", "101")
    accounts = [make_account(), make_account()]
    for account in accounts:
        place(account, "buy", 1, "98")
    set_quote(instrument, "96", "97")
    with django_assert_max_num_queries(2 + 22 * len(accounts)):
        assert orders_match() == 2


def test_every_kind_is_looked_up_in_its_index(crowd):
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        sql, parameters = quotes_with_nearest().query.sql_with_params()
        cursor.execute(f"EXPLAIN {'' if connection.vendor == 'postgresql' else 'QUERY PLAN '}{sql}", parameters)
        plan = "\n".join(str(row) for row in cursor.fetchall())
    assert {name for name in INDEXES if name in plan} == set(INDEXES), plan
    assert not re.search("Seq Scan on trading_(order|position)|SCAN U0", plan), plan
