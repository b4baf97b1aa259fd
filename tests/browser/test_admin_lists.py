"""The admin's lists in a real browser."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from playwright.sync_api import Page

from tests.trading.rows import bulk_trades
from trading import append_only
from trading.models import Account, Fill, Instrument, Order, Position, User

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LARGE = Decimal("-1234567.12345678")


@pytest.fixture
def large_rows(alice: User, aapl: Instrument) -> None:
    """A superuser, and rows with large numbers in their widest columns."""
    User.objects.update(is_staff=True, is_superuser=True, last_login=timezone.now(), email="alice@example.com")
    accounts = list(Account.objects.all())
    Account.objects.update(total=-LARGE, used=1_234_567)
    bulk_trades(accounts, aapl)
    Position.objects.update(signed_amount=LARGE, open_cost=-LARGE, margin=-LARGE, realized_pnl=-98_765, fees=1234)
    Order.objects.update(amount=1_000_000, price=-LARGE, status="partially_filled")
    with append_only.lifted(connection):
        Fill.objects.update(amount=1_000_000, price=-LARGE, fee=-LARGE, realized_pnl=LARGE)


@pytest.mark.parametrize(
    "model", ["user", "account", "instrument", "quote", "order", "fill", "position", "ledgerentry"]
)
def test_no_list_is_cut_off_on_a_desktop(open_page: Callable[..., Page], large_rows: None, model: str) -> None:
    page = open_page(f"/admin/trading/{model}/", viewport={"width": 1440, "height": 900})
    widths: Any = page.locator("#changelist .results").evaluate("(list) => [list.scrollWidth, list.clientWidth]")
    assert widths[0] == widths[1]
