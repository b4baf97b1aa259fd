from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from tests.trading.rows import make_user
from trading import services
from trading.models import OrderStatus, User

LIST = reverse("admin:trading_order_changelist")


@pytest.fixture
def order(account, instrument):
    return services.order_place(
        account=account, symbol="AAPL", side="buy", type="limit", amount=Decimal(1), price=Decimal(50)
    )


def cancel(client, *orders):
    return client.post(LIST, {"action": "cancel", "_selected_action": [order.pk for order in orders]}, follow=True)


def test_selected_orders_are_canceled_by_the_service(admin, order, account):
    assert "1 order canceled." in cancel(admin, order).text
    order.refresh_from_db()
    account.refresh_from_db()
    assert order.status == OrderStatus.CANCELED
    assert account.used == 0


def test_an_order_that_is_not_open_is_named_and_stays(admin, order):
    services.order_cancel(order=order)
    assert f"{order.pk}: " in cancel(admin, order).text


def test_who_may_only_look_cannot_cancel(client, order):
    viewer = make_user(is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_order"))
    client.force_login(viewer)
    cancel(client, order)
    order.refresh_from_db()
    assert order.is_open


def test_an_operator_cancels_no_superusers_order(client, order, account):
    User.objects.filter(pk=account.user_id).update(is_superuser=True, is_staff=True)
    operator = make_user(username="operator-1", is_staff=True)
    operator.user_permissions.set(Permission.objects.filter(codename__in=["view_order", "change_order"]))
    client.force_login(operator)
    assert "only another superuser" in cancel(client, order).text
    order.refresh_from_db()
    assert order.is_open
