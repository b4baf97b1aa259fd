"""How values look in documents: canonical decimal strings and integer milliseconds."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def decimal_text(value: Decimal | int) -> str:
    """Return the canonical form of `value`: fixed point, no exponent, no trailing zeros, no "-0"."""
    if not value:
        return "0"
    text = str(value)  # quicker than the format, and the same but for exponents
    if "E" in text:
        text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def milliseconds(moment: datetime) -> int:
    """Return an aware datetime as whole milliseconds since 1970 UTC, rounded down."""
    return (moment - EPOCH) // MILLISECOND


def present(**entries: Any) -> dict[str, Any]:
    """Return `entries` without those that are None: an absent value is an absent key."""
    return {key: value for key, value in entries.items() if value is not None}


def optional_text(value: Decimal | None) -> str | None:
    """Return the canonical form of `value`, or None where there is none."""
    return None if value is None else decimal_text(value)
