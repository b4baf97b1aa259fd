"""Whatever happens, a position is not closed twice, and orders hold back exactly what they say."""

from collections import defaultdict

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant, run_state_machine_as_test

from tests.trading.services.test_books import Books
from trading.models import Order, Position
from trading.models.order import OPEN
from trading.services.executions import closable
from trading.services.positions import position_of
from trading.services.reservations import required


class Closings(Books):
    """The state machine of the books, looked at from the orders' side."""

    @invariant()
    def a_position_is_shared_once_among_the_orders_that_close_it(self):
        shared = defaultdict(int)
        for order in Order.objects.filter(OPEN).select_related("account", "instrument__quote"):
            held = closable(position_of(order.account, order.instrument), order.side)
            if order.reduce_only:
                assert order.closing == order.remaining <= held
            else:
                shared[order.account, order.instrument, order.side] += order.closing
                assert shared[order.account, order.instrument, order.side] <= held

    @invariant()
    def what_could_close_does_not_hold_back_margin(self):
        for position in Position.objects.exclude(signed_amount=0):
            side = "sell" if position.signed_amount > 0 else "buy"
            orders = Order.objects.filter(
                OPEN, account=position.account, instrument=position.instrument, side=side, reduce_only=False
            )
            total, closing = sum(order.remaining for order in orders), sum(order.closing for order in orders)
            assert closing == min(total, abs(position.signed_amount))

    @invariant()
    def orders_with_a_price_hold_back_what_is_required(self):
        for order in Order.objects.filter(OPEN, price__gt=0).select_related("account", "instrument__quote"):
            assert order.reserved == required(order, position_of(order.account, order.instrument))

    @invariant()
    def nothing_that_would_be_filled_at_once_is_left_over(self):
        assert not Order.objects.filter(OPEN, time_in_force__in=["IOC", "FOK"], trigger_price=None).exists()


@pytest.mark.django_db
def test_closings_and_reservations_hold_after_every_step(monkeypatch):
    monkeypatch.setattr("trading.services.account_rounds.OF_ONE_ACCOUNT", ())  # what is logged on a site fails here
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    run_state_machine_as_test(
        Closings,
        settings=settings(max_examples=10, stateful_step_count=40, deadline=None, suppress_health_check=checks),
    )
