"""How numbers are written while a page is made: as its trader wants them."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from trading.models.user import NumberFormat

# What stands between thousands, and before the decimals. figures.js has the same table.
SEPARATORS = {
    NumberFormat.COMMA_POINT: (",", "."),
    NumberFormat.POINT_COMMA: (".", ","),
    NumberFormat.SPACE_COMMA: ("\N{NARROW NO-BREAK SPACE}", ","),
}
_current: ContextVar[str] = ContextVar("number_format", default=NumberFormat.COMMA_POINT)


@contextmanager
def number_format(name: str) -> Iterator[None]:
    """Write numbers in this format within the block."""
    token = _current.set(name)
    try:
        yield
    finally:
        _current.reset(token)


def separators() -> tuple[str, str]:
    """Return what separates thousands, and decimals, at the moment."""
    return SEPARATORS[NumberFormat(_current.get())]
