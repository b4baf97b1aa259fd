"""What a user's `pnl` document is made of: rows that only trading changes, and the newest marks of what he holds."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from pushers import Document
from trading.accounting import ZERO, entry_price
from trading.selectors.pnl import EquityRow, Quoted, ValuedPositionRow, equities, valued_positions
from trading.wire import decimal_text, optional_text, present

Quotes = Mapping[str, Quoted]  # by symbol
COLUMNS = ValuedPositionRow._fields.index("mark")  # of a position's row, before those of its quote


class Holding(NamedTuple):
    """An open position but for its mark: the columns of its row up to there, and what is shown of them."""

    columns: tuple[Any, ...]
    shown: Document


class AccountPart(NamedTuple):
    """An account, what it holds, and what it has earned and paid with all positions that it ever had."""

    equity: EquityRow
    holdings: dict[str, Holding]  # by symbol
    realized: str
    fees: str


class PnlVersion:
    """Differs (`!=`) from another one of the same user wherever their documents do.

    `texts` are those of the rows, `quotes` all that there were. Where the `parts` are known, only the quotes of what is
    held make a difference.
    """

    __slots__ = ("parts", "quotes", "texts")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, texts: tuple[str, str], quotes: Quotes) -> None:
        self.texts, self.quotes = texts, quotes
        self.parts: list[AccountPart] | None = None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PnlVersion):
            return NotImplemented
        return self.texts == other.texts and (self.quotes is other.quotes or self._is_quoted_as(other))

    def _is_quoted_as(self, other: "PnlVersion") -> bool:
        parts = other.parts if self.parts is None else self.parts
        if parts is None:
            return self.quotes == other.quotes
        mine, its = self.quotes, other.quotes
        return all(mine.get(symbol) == its.get(symbol) for part in parts for symbol in part.holdings)


def read_parts(user_ids: Sequence[int], oldest: datetime) -> tuple[dict[int, list[AccountPart]], Quotes]:
    """Return the parts of every user's document, and the quotes of what they hold, in two queries."""
    positions: dict[int, list[ValuedPositionRow]] = defaultdict(list)
    quotes: dict[str, Quoted] = {}
    for row in valued_positions(user_ids, oldest):
        positions[row.account_id].append(row)
        quotes[row.symbol] = (row.mark, row.fresh)
    parts: dict[int, list[AccountPart]] = {user_id: [] for user_id in user_ids}
    for account in equities(user_ids):
        parts[account.user_id].append(_part(account, positions[account.account_id]))
    return parts, quotes


def _part(account: EquityRow, positions: list[ValuedPositionRow]) -> AccountPart:
    return AccountPart(
        account,
        {row.symbol: Holding(row[:COLUMNS], _shown(row)) for row in positions if row.signed_amount},
        decimal_text(sum((row.realized_pnl for row in positions), ZERO)),
        decimal_text(sum((row.fees for row in positions), ZERO)),
    )


def _shown(row: ValuedPositionRow) -> Document:
    return present(
        side="long" if row.signed_amount > 0 else "short",
        contracts=decimal_text(abs(row.signed_amount)),
        entryPrice=optional_text(entry_price(row.signed_amount, row.open_cost)),
    )
