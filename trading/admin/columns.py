"""Columns that several admin pages show: exact numbers, moments, and whose account a row belongs to."""

from decimal import Decimal
from typing import Any, cast

from django.contrib import admin
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from trading.models import ExactDecimalField

Column = Any  # a function of a row; Django takes it wherever it takes a field's name, which its type stubs do not know


MONEY_PLACES = 2  # at least; prices and fees may have up to 8


def exact(model: type[models.Model], name: str, places: int = 0) -> Column:
    """Return the column of an ExactDecimalField: all its digits, grouped, with no zeros after `places`."""

    field = cast(ExactDecimalField, model._meta.get_field(name))

    @admin.display(description=field.verbose_name, ordering=name)
    def column(row: Any) -> str:
        return number_text(getattr(row, name), places)

    column.__name__ = f"{name}_number"  # the style sheet sets these to the right
    return column


def exacts(model: type[models.Model], *names: str) -> list[Column]:
    """Return the columns of several amounts or rates."""
    return [exact(model, name) for name in names]


def moneys(model: type[models.Model], *names: str) -> list[Column]:
    """Return the columns of several sums of money or prices."""
    return [exact(model, name, MONEY_PLACES) for name in names]


def moment(model: type[models.Model], name: str) -> Column:
    """Return the column of a DateTimeField, with seconds."""

    field = cast(models.Field, model._meta.get_field(name))

    @admin.display(description=field.verbose_name, ordering=name, empty_value="-")
    def column(row: Any) -> str | None:
        value = getattr(row, name)
        return None if value is None else f"{timezone.localtime(value):%Y-%m-%d %H:%M:%S}"

    column.__name__ = f"{name}_moment"
    return column


def number_text(value: Decimal | None, places: int = 0) -> str:
    """Return `value` for people: 100,000.5 and not 100000.50000000, or 100,000.50 with 2 places; a dash for None."""
    if value is None:
        return "-"
    needed = -int(value.normalize().as_tuple().exponent)
    shown = value.quantize(Decimal(1).scaleb(-max(places, needed, 0)))
    return f"{shown:,f}"  # in any language: some of them separate no thousands


@admin.display(description=_("account"), ordering="account__user__username")
def account(row: Any) -> str:
    """Return the account of a row as trader/name; needs list_select_related on account__user."""
    return str(row.account)
