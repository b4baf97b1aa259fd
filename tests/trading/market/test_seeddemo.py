from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from trading.conf import stale_market_after
from trading.market import demo
from trading.market.bars import load_bars
from trading.market.market import SILENCE_SECONDS, Market
from trading.market.replay import ReplaySource
from trading.models import OPEN_STATUSES, Account, Instrument, Order, Quote, User


def seed():
    call_command("seeddemo", "--yes-this-is-a-demo")


def counts():
    return {model.__name__: model.objects.count() for model in (User, Account, Instrument, Quote, Order)}


def test_it_refuses_where_nobody_says_that_this_is_a_demo():
    with pytest.raises(CommandError, match=r"password is public .* add --yes-this-is-a-demo"):
        call_command("seeddemo")


@pytest.mark.django_db
def test_it_makes_traders_with_accounts_and_an_admin(capsys):
    seed()
    assert "Sign in as alice, bob, carol, admin; password: paper-trading" in capsys.readouterr().out
    for name in ("alice", "bob", "carol"):
        user = User.objects.get(username=name)
        assert user.check_password("paper-trading")
        assert user.first_name == name.capitalize()
        assert not user.is_staff
        accounts = {account.name: account for account in user.accounts.all()}
        assert set(accounts) == {"paper", "robot"}
        assert (accounts["robot"].robot, accounts["robot"].leverage, accounts["robot"].total) == (True, 3, 100_000)
        assert (accounts["paper"].robot, accounts["paper"].leverage) == (False, 1)
    admin = User.objects.get(username="admin")
    assert admin.is_superuser
    assert admin.check_password("paper-trading")


@pytest.mark.django_db
def test_it_can_be_silent(capsys):
    call_command("seeddemo", "--yes-this-is-a-demo", "--verbosity", "0")
    assert capsys.readouterr().out == ""


@pytest.mark.django_db
def test_its_quotes_are_no_running_markets_but_still_fresh():
    seed()
    ages = {(timezone.now() - quote.updated_at).total_seconds() for quote in Quote.objects.all()}
    assert min(ages) >= SILENCE_SECONDS
    assert max(ages) < stale_market_after().total_seconds()


@pytest.mark.django_db
def test_the_quotes_of_a_running_market_are_left_alone():
    Market(ReplaySource(load_bars()), step=60).write()
    before = set(Quote.objects.values_list("updated_at", flat=True))
    seed()
    assert set(Quote.objects.values_list("updated_at", flat=True)) == before


@pytest.mark.django_db
def test_each_trader_has_positions_and_a_resting_order():
    seed()
    for name, trader in demo.TRADERS.items():
        account = Account.objects.get(user__username=name, name="paper")
        held = dict(account.positions.values_list("instrument__symbol", "signed_amount"))
        assert held == trader.bought
        first = account.positions.get(instrument__symbol=next(iter(trader.bought)))
        assert first.stop_loss < first.instrument.quote.mark < first.take_profit
        resting = account.orders.get(status__in=OPEN_STATUSES)
        assert resting.price % 1 == 0
        assert Decimal(90_000) < account.total < 100_000
        assert account.free > 0


@pytest.mark.django_db
def test_a_second_run_changes_nothing():
    seed()
    before = counts()
    User.objects.filter(username="alice").update(first_name="Alicia")
    seed()
    assert counts() == before
    assert User.objects.get(username="alice").first_name == "Alicia"


@pytest.mark.django_db
def test_a_missing_account_comes_back_at_the_prices_of_a_stopped_market():
    seed()
    last = Quote.objects.get(instrument__symbol="MSFT").last
    Order.objects.filter(account__user__username="bob").update(account=Account.objects.get(user__username="admin"))
    Quote.objects.update(updated_at=timezone.now() - timedelta(hours=1))
    seed()
    assert Account.objects.get(user__username="bob", name="paper").orders.count() == 3
    assert Quote.objects.get(instrument__symbol="MSFT").last == last


@pytest.mark.django_db
def test_refused_first_orders_are_an_error():
    Market(ReplaySource(load_bars()), step=60).write()
    Instrument.objects.update(halted=True)
    with pytest.raises(CommandError, match=r"The first orders of .* were refused: Trading in .* is halted"):
        seed()
    assert not Order.objects.exists()
