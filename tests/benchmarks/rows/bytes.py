"""How many bytes a change of one row takes on the wire, against the whole document (row 8)."""

import statistics
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tests.benchmarks.results import Entry
from tests.benchmarks.stage import Stage

IDS = ("8",)
HELD = 20  # rows of each kind
BARRED = ("orders", "positions", "fills")
LATER = datetime(2100, 1, 1, tzinfo=UTC) + timedelta(seconds=5)


def measure(stage: Stage, only: frozenset[str]) -> list[Entry]:
    """Change one row at a time and compare the text of the patch with that of the snapshot."""
    database = stage.new_database()
    stage.migrate(database)
    stage.use_django(database)
    user = _trader()
    entries, shares = [], []
    for feed, change in _changes(user):
        share, size = _share(user, feed, change)
        entries.append(Entry(f"8.{feed}.{change.__name__}", f"patch of {size} bytes", share, "%"))
        if feed in BARRED:
            shares.append(share)
    name = f"median patch of a one-row change of {', '.join(BARRED)}, {HELD} rows held, against the snapshot"
    return [Entry("8", name, statistics.median(shares), "%", 10), *entries]


def _trader() -> int:
    """Make a trader who holds that many rows of each kind; return his id."""
    from tests.benchmarks.population import populate
    from trading.models import Account, Instrument, Order, Position

    (user, *_) = populate(1)
    account = Account.objects.get(user=user)
    held = set(account.positions.values_list("instrument", flat=True))
    some = {"account": account, "signed_amount": 25, "leverage": 5, "opened_at": LATER}
    cost = {"open_cost": Decimal("2512.34"), "margin": Decimal("502.468")}
    others = Instrument.objects.exclude(pk__in=held)
    Position.objects.bulk_create(Position(instrument=instrument, **some, **cost) for instrument in others)
    terms = {"side": "buy", "type": "limit", "price": Decimal("99.5"), "amount": 40}
    Order.objects.bulk_create(
        Order(account=account, instrument=instrument, **terms) for instrument in others[: HELD - 5]
    )
    return user


def _changes(user: int) -> list[tuple[str, Callable[[], object]]]:
    """Return what happens to one row, by the feed that shows it."""
    from tests.benchmarks.population import move_marks
    from trading.models import Account, Fill, Order, Position

    account = Account.objects.get(user=user)
    open_order = Order.objects.filter(account=account, status="new")
    position = Position.objects.filter(pk=account.positions.order_by("pk")[0].pk)

    def filled_in_part() -> None:
        one = Order.objects.filter(pk=open_order.order_by("pk")[0].pk)
        one.update(filled=3, cost=Decimal("298.5"), updated_at=LATER)

    def amended() -> None:
        Order.objects.filter(pk=open_order.order_by("pk")[1].pk).update(price=Decimal("98.75"), updated_at=LATER)

    def canceled() -> None:
        Order.objects.filter(pk=open_order.order_by("pk")[2].pk).update(status="canceled")

    def placed() -> None:
        like = open_order.order_by("pk")[0]
        Order.objects.create(
            account=account, instrument=like.instrument, side="buy", type="limit", price=Decimal("97.25"), amount=40
        )

    def increased() -> None:
        position.update(signed_amount=31, open_cost=Decimal("3115.92"))

    def protected() -> None:
        position.update(stop_loss=Decimal("88.5"))

    def happened() -> None:
        fill = Fill.objects.filter(account=account).order_by("pk")[0]
        fill.pk, fill.trade_id, fill.created_at = None, "another", LATER
        fill.save(force_insert=True)

    def paid() -> None:
        Account.objects.filter(pk=account.pk).update(total=Decimal("99874.25"))

    return [
        *(("orders", change) for change in (filled_in_part, amended, canceled, placed)),
        *(("positions", change) for change in (increased, protected)),
        ("fills", happened),
        ("balance", paid),
        ("pnl", move_marks),
    ]


def _share(user: int, feed: str, change: Callable[[], object]) -> tuple[float, int]:
    """Return the size of what is sent for a change: in percent of the snapshot before, and in bytes."""
    from pushers.registry import feeds
    from pushers.stream import Position, Stream

    stream = Stream(Position(1_767_225_600_000, 41))
    stream.record(_document(feeds()[feed], user))
    whole = len(stream.snapshot())
    change()
    entry = stream.record(_document(feeds()[feed], user))
    assert entry is not None, f"{feed} does not show that a row was {change.__name__}"
    return 100 * len(entry.text) / whole, len(entry.text)


def _document(feed: object, user: int) -> dict[str, object]:
    document = feed.fetch([user])[user]  # type: ignore[attr-defined]
    assert isinstance(document, dict), document
    return document
