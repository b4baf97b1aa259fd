"""How values look on a page: rounded for display only, in the trader's number format, the same as in figures.js.

The kinds of figures: `money` (two places), `signed` (money with its sign), `percent` (signed, two places), `share`
(percent without a sign), `rate` (a fraction as percent, up to six places), `price` (two to four places, up to eight
below 1), `amount` (all its places), `time` (milliseconds UTC in the current time zone), `label` (a word of the wire,
in the reader's language) and `text`. The cases in tests/cases/figure_cases.json hold both implementations to the same
output.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from trading.pages.labels import LABELS
from trading.pages.number_format import separators
from trading.pages.refusals import refusal_text

register = template.Library()

ABSENT = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
SIGNED = ("signed", "percent")


@register.simple_tag
def figure(row: Mapping[str, Any] | None, field: str, kind: str) -> SafeString:
    """Return the element that shows `row[field]`, with the full value as its title; scripts find it by data-field."""
    value = (row or {}).get(field)
    text = format_value(kind, value)
    title = "" if value is None or kind in ("label", "text") else full_value(kind, value)
    mark = format_html(' data-sign="{}"', sign(value)) if kind in SIGNED else ""
    if kind == "label":
        mark = format_html(' data-value="{}"', value or "")
    return format_html(
        '<span class="figure figure-{}" data-field="{}" data-kind="{}"{} title="{}">{}</span>',
        kind, field, kind, mark, title, text,
    )  # fmt: skip


@register.simple_tag
def label(key: str) -> str:
    """Return the word for a key of the wire, such as `buy` or `market_stale`; the key itself where there is none."""
    return str(LABELS.get(key, key))


@register.simple_tag
def refusal(code: str) -> str:
    """Return why an order was refused or ended early."""
    return refusal_text(code)


def format_value(kind: str, value: Any) -> str:
    """Return the text of a value of this kind; a dash where there is none."""
    if value is None or value == "":
        return ABSENT
    if kind == "label":
        return label(str(value))
    if kind == "time":
        return _moment(value).strftime("%Y-%m-%d %H:%M:%S")
    if kind == "text":
        return str(value)
    number = Decimal(str(value))
    if kind == "price":
        return _number(number, 2, 4 if abs(number) >= 1 else 8)
    if kind == "amount":
        return _number(number, 0, 8)
    if kind == "rate":
        return f"{_number(number * 100, 0, 6)}%"
    text = _number(number, 2, 2)
    plus = "+" if kind in SIGNED and sign(value) == "positive" else ""
    return f"{plus}{text}%" if kind in ("percent", "share") else f"{plus}{text}"


def full_value(kind: str, value: Any) -> str:
    """Return the unrounded value, as the title of what is shown rounded."""
    if kind == "time":
        return datetime.fromtimestamp(int(value) / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return str(value)


def sign(value: Any) -> str:
    """Return positive, negative or zero of the value as it is shown, so that 0.00 is neither gain nor loss."""
    if value is None or value == "":
        return "zero"
    shown = Decimal(str(value)).quantize(Decimal("0.01"), ROUND_HALF_EVEN)
    return "positive" if shown > 0 else "negative" if shown < 0 else "zero"


def _number(number: Decimal, least: int, most: int) -> str:
    """Return the number with between `least` and `most` places, half-even, and thousands separators."""
    text = format(number.quantize(Decimal(1).scaleb(-most), ROUND_HALF_EVEN), f",.{most}f")
    whole, _, places = text.partition(".")
    places = places.rstrip("0").ljust(least, "0")
    negative = whole.startswith("-") and (whole + places).strip("-0,") != ""
    thousands, mark = separators()
    whole = whole.removeprefix("-").replace(",", thousands)
    return (MINUS if negative else "") + (f"{whole}{mark}{places}" if places else whole)


def _moment(milliseconds: Any) -> datetime:
    return datetime.fromtimestamp(int(milliseconds) // 1000, timezone.get_current_timezone())
