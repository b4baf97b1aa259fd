"""Traders for the benchmarks: each with an account, 5 positions, 5 open orders and 20 fills.

One trader is made through the ORM; the database copies his rows for all the others, in a statement per table.
"""

from datetime import UTC, datetime
from decimal import Decimal

from django.db import connection, models, transaction
from django.db.models import F, Value

from trading.models import Account, Fill, Instrument, Order, Position, Quote, User

POSITIONS, ORDERS, FILLS = 5, 5, 20  # of each trader
SYMBOLS = 20
NEVER_OLD = datetime(2100, 1, 1, tzinfo=UTC)  # when the quotes are from: no benchmark waits until they are stale
HUNDRED, LOTS = Decimal(100), Decimal(10**9)
TOTAL = Decimal(100_000)
UNIT = "0.00000001"  # the smallest change of an amount


def populate(users: int) -> list[int]:
    """Fill an empty, migrated database with `users` traders; return their ids in order."""
    with transaction.atomic():
        instruments = _market()
        made = User.objects.bulk_create(User(username=f"trader-{number}") for number in range(users))
        today = datetime.now(UTC).date()
        accounts = Account.objects.bulk_create(
            Account(user=user, name="paper", total=TOTAL, day_equity=TOTAL, day_started=today) for user in made
        )
        _first_trader(accounts[0], instruments)
        _copy(accounts[0], instruments[0])
    _analyze()
    return [user.pk for user in made]


def change_everything() -> None:
    """Change something in every account, position and open order, and move all marks."""
    Account.objects.update(total=_more(Account, "total", "1"))
    Position.objects.update(open_cost=_more(Position, "open_cost", "1"))
    Order.objects.filter(status="new").update(filled=_more(Order, "filled", UNIT), cost=_more(Order, "cost", "1"))
    move_marks()


def change_some(user_ids: list[int]) -> None:
    """Change a row of each of these users: an order is filled in part."""
    newest = Order.objects.filter(account__user__in=user_ids, status="new").order_by().values("account")
    ids = newest.annotate(newest=models.Max("id")).values("newest")
    Order.objects.filter(id__in=list(ids.values_list("newest", flat=True))).update(
        filled=_more(Order, "filled", UNIT), cost=_more(Order, "cost", "1")
    )


def move_marks() -> None:
    """Give every instrument another mark."""
    Quote.objects.update(mark=_more(Quote, "mark", "0.01"))


def _more(model: type[models.Model], column: str, amount: str) -> models.expressions.CombinedExpression:
    """Return a column plus an amount, which becomes what the column holds: on SQLite an integer of its units."""
    return F(column) + Value(Decimal(amount), output_field=model._meta.get_field(column))


def _market() -> list[Instrument]:
    cent, one = Decimal("0.01"), Decimal(1)
    rules = {"tick_size": cent, "step_size": one, "minimum_notional": one, "maximum_leverage": 5}
    fees = {"maker_fee_rate": Decimal("0.0005"), "taker_fee_rate": Decimal("0.001")}
    instruments = Instrument.objects.bulk_create(
        Instrument(symbol=f"S{number:02}/USD", name=f"Stock {number}", **rules, **fees) for number in range(SYMBOLS)
    )
    prices = dict.fromkeys(("bid", "ask", "last", "mark", "open", "high", "low", "previous_close"), HUNDRED)
    sizes = dict.fromkeys(("bid_size", "ask_size", "volume"), LOTS)
    times = {"market_time": NEVER_OLD, "updated_at": NEVER_OLD}
    Quote.objects.bulk_create(
        Quote(instrument=instrument, source="replay", **prices, **sizes, **times) for instrument in instruments
    )
    return instruments


def _first_trader(account: Account, instruments: list[Instrument]) -> None:
    cost = {"open_cost": Decimal("2512.34"), "margin": Decimal("502.468"), "leverage": 5}
    Position.objects.bulk_create(
        Position(account=account, instrument=instruments[number], signed_amount=25, opened_at=NEVER_OLD, **cost)
        for number in range(POSITIONS)
    )
    terms = {"account": account, "side": "buy", "type": "limit", "price": Decimal("99.5"), "amount": Decimal(40)}
    orders = Order.objects.bulk_create(
        [Order(instrument=instruments[number], **terms) for number in range(ORDERS)]
        + [Order(instrument=instruments[0], status="filled", filled=40, cost=3980, **terms)]
    )
    Fill.objects.bulk_create(
        Fill(
            order=orders[-1],
            account=account,
            instrument=instruments[0],
            trade_id=f"trade-{number}",
            side="buy",
            price=Decimal("99.5"),
            amount=2,
            cost=199,
            fee=Decimal("0.0995"),
            taker_or_maker="maker",
        )
        for number in range(FILLS)
    )


def _copy(first: Account, instrument: Instrument) -> None:
    """Give all other accounts what the first one has, in instruments and amounts that differ from one to the next."""
    other = f"{instrument.pk} + (mine.instrument_id - {instrument.pk} + account.id) %% {SYMBOLS}"
    order = "SELECT id FROM trading_order own WHERE own.account_id = account.id AND own.status = 'filled'"
    differing: dict[type[models.Model], dict[str, str]] = {
        Position: {"instrument_id": other, "signed_amount": "mine.signed_amount + account.id %% 7"},
        Order: {"instrument_id": other},
        Fill: {"trade_id": "mine.trade_id || '-' || account.id", "order_id": f"({order})"},
    }
    for model, expressions in differing.items():
        table = model._meta.db_table
        columns = [field.column for field in model._meta.concrete_fields if field.column not in ("id", "account_id")]
        values = ", ".join(expressions.get(column, f"mine.{column}") for column in columns)
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table} (account_id, {', '.join(columns)}) SELECT account.id, {values}"
                f" FROM trading_account account CROSS JOIN {table} mine"
                " WHERE mine.account_id = %s AND account.id <> %s ORDER BY account.id, mine.id",
                [first.pk, first.pk],
            )


def _analyze() -> None:
    """Let the database see what it holds: no autovacuum runs in a benchmark."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
