"""Columns that several admin pages show: exact numbers without idle zeros, and whose account a row belongs to."""

from decimal import Decimal
from typing import Any, cast

from django.contrib import admin
from django.db import models
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from trading.models import Account, ExactDecimalField

Column = Any  # a function of a row; Django takes it wherever it takes a field's name, which its type stubs do not know


def exact(model: type[models.Model], name: str) -> Column:
    """Return the column of an ExactDecimalField: all its digits, grouped, without trailing zeros."""

    field = cast(ExactDecimalField, model._meta.get_field(name))

    @admin.display(description=field.verbose_name, ordering=name)
    def column(row: Any) -> str:
        return number_text(getattr(row, name))

    column.__name__ = name
    return column


def exacts(model: type[models.Model], *names: str) -> list[Column]:
    """Return the columns of several ExactDecimalFields."""
    return [exact(model, name) for name in names]


def number_text(value: Decimal | None) -> str:
    """Return `value` for people: 100,000.5 and not 100000.50000000; a dash for None."""
    if value is None:
        return "-"
    shortest = value.quantize(Decimal(1)) if value == value.to_integral_value() else value.normalize()
    return number_format(shortest, use_l10n=True, force_grouping=True)


@admin.display(description=_("account"), ordering="account__user__username")
def account(row: Any) -> str:
    """Return the account of a row as trader/name; needs list_select_related on account__user."""
    owner: Account = row.account
    return f"{owner.user.get_username()}/{owner.name}"
