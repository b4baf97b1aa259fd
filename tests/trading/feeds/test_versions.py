"""A tick that compares versions pushes the same frames as one that fetches and compares every document."""

import random
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal as D

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pushers.feed import Feed
from pushers.publisher import Publisher
from pushers.reading import Reader
from pushers.registry import feeds
from tests.pushers.fakes import ListSender, Owner
from tests.trading.rows import bulk_accounts, bulk_trades, make_account, make_instrument, set_quote
from trading import append_only
from trading.errors import TradingError
from trading.models import Account, Fill, Instrument, Order, Position, Quote
from trading.services import order_place

pytestmark = pytest.mark.django_db
QUERIES = {"balance": 1, "positions": 1, "pnl": 3, "orders": 1, "fills": 2}
ROUNDS = 40


def without_versions(feed: Feed) -> Feed:
    return type("Plain", (type(feed),), {"versions": Feed.versions})()


class Pusher:
    """Ticks of all feeds, and refreshes of whom they send there, for some users."""

    def __init__(self, chosen: dict[str, Feed], users: list[str]) -> None:
        self.feeds, self.users, self.sender = chosen, users, ListSender()
        self.reader = Reader(chosen)
        self.publisher = Publisher(chosen, dict.fromkeys(chosen, 5.0), Owner(7), self.sender)
        self.fetched = 0
        self.refresh(users)

    def refresh(self, users: list[str]) -> None:
        reading = self.reader.read(dict.fromkeys(users, frozenset(self.feeds)))
        for user, results in reading.results.items():
            assert self.publisher.apply(user, results, reading, 7)

    def tick(self) -> None:
        for name in self.feeds:
            known = {name: self.publisher.versions(self.users, name)}
            reading = self.reader.read(dict.fromkeys(self.users, frozenset((name,))), known)
            self.fetched += sum(name in results for results in reading.results.values())
            confirmed = {
                user: self.publisher.confirm(user, name, results.get(name), reading, 7)
                for user, results in reading.results.items()
            }
            self.refresh([user for user, done in confirmed.items() if not done])

    def frames(self) -> list[tuple]:
        """What was sent since the last call, but for the times."""
        sent, self.sender.groups = self.sender.groups, []
        return [(group, message["cut"], message["feeds"], sorted(message["stale"])) for group, message in sent]


def change_something(choice: random.Random, accounts: list[Account], instruments: list[Instrument]) -> None:
    account, instrument = choice.choice(accounts), choice.choice(instruments)
    cents = D(choice.randint(1, 10**6)) / 100
    positions, orders = Position.objects.filter(account=account), Order.objects.filter(account=account)
    rules = Instrument.objects.filter(pk=instrument.pk)
    quote = Quote.objects.filter(instrument=instrument)
    changes = [
        lambda: order_place(account=account, symbol=instrument.symbol, side="buy", type="market", amount=D(1)),
        lambda: order_place(account=account, symbol=instrument.symbol, side="sell", type="market", amount=D(2)),
        lambda: order_place(account=account, symbol=instrument.symbol, side="buy", type="limit", amount=2, price=D(9)),
        lambda: Account.objects.filter(pk=account.pk).update(total=cents, currency=choice.choice(["USD", "EUR"])),
        lambda: Account.objects.filter(pk=account.pk).update(day_equity=cents),
        lambda: positions.update(stop_loss=None, realized_pnl=cents),
        lambda: positions.exclude(signed_amount=0).update(leverage=choice.randint(1, 5), margin=cents),
        lambda: positions.update(fees=cents, opened_at=timezone.now()),
        lambda: positions.delete(),
        lambda: orders.filter(status="new").update(price=cents, client_order_id=None, updated_at=timezone.now()),
        lambda: orders.filter(status="new").update(status="canceled", reserved=0, closing=0),
        lambda: quote.update(mark=cents),
        lambda: quote.update(updated_at=timezone.now() - timedelta(days=choice.randint(0, 1))),
        lambda: rules.update(maintenance_margin_rate=D(choice.randint(1, 9)) / 100),
        lambda: rules.update(symbol=f"S{choice.randint(1, 10**9)}"),
        lambda: None,
    ]
    # An old quote, for example, takes no orders; and books that a change before has bent can refuse the next.
    with suppress(TradingError, IntegrityError), transaction.atomic():
        choice.choice(changes)()


@pytest.mark.parametrize("seed", range(3))
def test_ticks_by_versions_push_the_same_frames_as_ticks_by_documents(seed):
    choice = random.Random(seed)
    instruments = [make_instrument(f"I{number}") for number in range(3)]
    for instrument in instruments:
        set_quote(instrument, "99", "101")
    accounts = [make_account() for _ in range(3)]
    users = [str(account.user_id) for account in accounts]
    quick = Pusher(feeds(), users)
    plain = Pusher({name: without_versions(feed) for name, feed in feeds().items()}, users)
    for _ in range(ROUNDS):
        change_something(choice, accounts, instruments)
        for instrument in instruments:
            instrument.refresh_from_db()
        quick.tick()
        plain.tick()
        assert quick.frames() == plain.frames()
    assert quick.fetched < plain.fetched / 2


def test_a_fill_that_comes_late_with_a_lower_id_makes_another_version(account, instrument):
    for _ in range(3):
        order_place(account=account, symbol=instrument.symbol, side="buy", type="market", amount=D(1))
    late = Fill.objects.order_by("id")[1]
    with append_only.lifted(connection):
        Fill.objects.filter(pk=late.pk).delete()
        before = feeds()["fills"].versions([account.user_id])
    late.save(force_insert=True)
    assert feeds()["fills"].versions([account.user_id]) != before


@pytest.mark.parametrize("name", QUERIES)
def test_versions_cost_the_same_queries_for_1_and_1000_users_and_name_them_all(name, instrument):
    accounts = bulk_accounts(1000)
    bulk_trades(accounts, instrument)
    for number in (1, 1000):
        user_ids = [account.user_id for account in accounts[:number]]
        with CaptureQueriesContext(connection) as captured:
            versions = feeds()[name].versions(user_ids)
        assert len(captured) == QUERIES[name]
        assert versions.keys() == set(user_ids)
        assert versions == feeds()[name].versions(user_ids)


@pytest.mark.parametrize("name", QUERIES)
def test_versions_name_users_who_have_nothing(name):
    assert 999_999 in feeds()[name].versions([999_999])


@pytest.fixture
def traded(account, instrument):
    """A user who holds one instrument and has traded another; with their symbols."""
    other = make_instrument("OTHER/USD")
    set_quote(other, "99", "101")
    order_place(account=account, symbol=instrument.symbol, side="buy", type="market", amount=D(1))
    for side in ("buy", "sell"):
        order_place(account=account, symbol=other.symbol, side=side, type="market", amount=D(1))
    return account.user_id, instrument, other


def pnl_versions(user_id, before=None):
    """Return the version of the user's pnl now, made into a document."""
    now = feeds()["pnl"].versions([user_id])
    feeds()["pnl"].refetch({} if before is None else {user_id: before}, now)
    return now[user_id]


def test_only_the_marks_of_what_is_held_make_another_version_of_pnl(traded):
    user_id, held, other = traded
    before = pnl_versions(user_id)
    Quote.objects.filter(instrument=other).update(mark=D(7))
    assert pnl_versions(user_id, before) == before
    Quote.objects.filter(instrument=held).update(mark=D(7))
    assert pnl_versions(user_id, before) != before
    assert before != "something else"


def test_pnl_at_new_marks_is_made_without_a_query_and_as_a_fetch_makes_it(traded):
    user_id, held, _ = traded
    feed, before = feeds()["pnl"], pnl_versions(user_id)
    for change in ({"mark": D("7.125")}, {"updated_at": timezone.now() - timedelta(days=1)}):
        Quote.objects.filter(instrument=held).update(**change)
        now = feed.versions([user_id])
        with CaptureQueriesContext(connection) as captured:
            found = feed.refetch({user_id: before}, now)[user_id]
        assert len(captured) == 0
        fetched = feed.fetch([user_id])[user_id]
        assert getattr(found, "document", found) == getattr(fetched, "document", fetched)
        assert type(found) is type(fetched)


def test_pnl_of_who_has_traded_is_read_again(traded):
    user_id, held, _ = traded
    feed, before = feeds()["pnl"], pnl_versions(traded[0])
    Position.objects.filter(instrument=held).update(open_cost=D(5))
    now = feed.versions([user_id])
    assert now[user_id] != before
    assert feed.refetch({user_id: before}, now) == feed.fetch([user_id])
