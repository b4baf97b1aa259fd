from datetime import UTC, datetime

import pytest

from tests.trading.rows import bulk_trades, make_account, make_instrument, make_user, set_quote
from trading import services
from trading.models import Account, AccountErasure, AccountReset, Candle, EquityPoint

NEW_YEAR = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def admin(db, client):
    """A client signed in as a superuser."""
    client.force_login(make_user(username="root", is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def trader(db):
    return make_user(username="alice")


def books_of(account: Account) -> dict:
    """What stands beside an account's ledger."""
    return {
        "accountreset": AccountReset.objects.create(account=account, total_before=1, deposit=2),
        "accounterasure": AccountErasure.objects.create(
            account_id=7 * account.pk, username="gone", name="paper", total=5, reason="asked for it"
        ),
        "equitypoint": EquityPoint.objects.create(account=account, interval="1m", at=NEW_YEAR, equity=3),
    }


@pytest.fixture
def one_of_each(trader, instrument):
    """A row of every model, by its name in the admin."""
    account = trader.accounts.get()
    bulk_trades([account], instrument)
    Candle.objects.create(
        instrument=instrument,
        interval="1m",
        start=datetime(2026, 1, 2, tzinfo=UTC),
        open=1,
        high=2,
        low=1,
        close=2,
        volume=3,
    )
    token, _ = services.token_create(user=trader, name="robot", scopes=["read"])
    return {
        "user": trader,
        "account": account,
        "instrument": instrument,
        "quote": instrument.quote,
        "candle": instrument.candles.get(),
        "order": account.orders.first(),
        "fill": account.fills.first(),
        "position": account.positions.get(),
        "ledgerentry": account.ledger.first(),
        "apitoken": token,
        **books_of(account),
    }


@pytest.fixture
def more_of_each(one_of_each):
    """Add ten rows of every model."""

    def add():
        for number in range(10):
            account = make_account()
            instrument = make_instrument(f"S{number}")
            set_quote(instrument, "9", "11")
            bulk_trades([account], instrument)
            Candle.objects.create(
                instrument=instrument, interval="1d", start=datetime(2026, 1, 3, tzinfo=UTC),
                open=1, high=2, low=1, close=2, volume=3,
            )  # fmt: skip
            services.token_create(user=account.user, name="robot", scopes=["read"])
            books_of(account)

    return add
