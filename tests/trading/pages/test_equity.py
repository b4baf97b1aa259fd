"""The equity curve's page."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from trading.models import Account, EquityPoint

VALUES = ("100000", "100250.12345678", "99900.5", "100100")


@pytest.fixture
def curve(account: Account) -> Account:
    """Four quarters of an hour."""
    start = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=3)
    for number, value in enumerate(VALUES):
        at = start + number * timedelta(minutes=15)
        EquityPoint.objects.create(account=account, interval="15m", at=at, equity=Decimal(value))
    return account


def test_the_curve_is_said_in_figures_and_every_value_is_in_the_table(trader: Client, curve: Account) -> None:
    page = trader.get("/history/equity/")
    row = page.context["row"]
    assert row == {
        "first": "100000",
        "last": "100100",
        "change": "100",
        "highest": "100250.12345678",
        "lowest": "99900.5",
    }
    assert [point["equity"] for point in page.context["points"]] == list(VALUES)
    text = page.content.decode()
    assert text.count('data-field="at"') == len(VALUES)
    assert ">100,250.12345678<" in text
    assert 'id="points"' in text


def test_another_step_is_another_curve(trader: Client, curve: Account) -> None:
    page = trader.get("/history/equity/?step=1d").content.decode()
    assert "No value has been kept for this time yet." in page
    assert "equity.js" not in page


@pytest.mark.parametrize("query", ["step=1y", "account=nobodys"])
def test_a_wrong_choice_is_said_and_shows_nothing(trader: Client, curve: Account, query: str) -> None:
    page = trader.get(f"/history/equity/?{query}").content.decode()
    assert "Select a valid choice." in page
    assert "100,250" not in page


def test_nobody_sees_anothers_curve(stranger: Client, curve: Account) -> None:
    assert "100,250" not in stranger.get("/history/equity/?account=paper").content.decode()
