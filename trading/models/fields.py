"""The one column type for money, prices and amounts: exact on every database.

Django's DecimalField is REAL on SQLite and loses the last digits of large values. This one stores an integer of
value * 10**8 there and numeric(18,8) on PostgreSQL, so comparisons, sums and constraints are exact on both.
"""

from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import Any, Generic, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field
from django.db.models.expressions import Combinable, register_combinable_fields
from django.utils.translation import gettext_lazy as _

DIGITS = 18
PLACES = 8
UNIT = Decimal(1).scaleb(-PLACES)
LARGEST = Decimal(10**DIGITS - 1).scaleb(-PLACES)  # what a column holds
# Refuses what has more than 18 digits (InvalidOperation) or more than 8 places (Inexact) instead of rounding it.
FITTING = Context(prec=DIGITS, traps=[Inexact, InvalidOperation])

_Set = TypeVar("_Set", contravariant=True)
_Get = TypeVar("_Get", covariant=True)


def exact(value: Decimal | int | str) -> Decimal:
    """Return `value` with 8 places; raise ValidationError where it is no number or does not fit 18 digits exactly."""
    if isinstance(value, bool | float):
        raise ValidationError(_("Expected an exact number; found the %(type)s %(value)s."), "inexact", _found(value))
    try:
        number = Decimal(value).quantize(UNIT, context=FITTING)
        if number.is_nan():
            raise ValueError("not a number")
        return number + 0  # -0 becomes 0
    except Inexact:
        raise ValidationError(
            _("Expected at most 8 decimal places; found %(value)s."), "inexact", _found(value)
        ) from None
    except (InvalidOperation, TypeError, ValueError):
        message = _("Expected a number of at most 10 digits before and 8 after the point; found %(value)s.")
        raise ValidationError(message, "invalid", _found(value)) from None


def _found(value: Any) -> dict[str, Any]:
    return {"type": type(value).__name__, "value": value}


class ExactDecimalField(Field, Generic[_Set, _Get]):
    """A Decimal of 18 digits, 8 of them after the point; a value that does not fit exactly is a ValidationError.

    Sums and differences of such fields work in the database; products and quotients are refused (FieldError), because
    SQLite would compute them on the scaled integers.
    """

    description = _("Exact decimal number (18 digits, 8 places)")

    # What Django's type stubs read the attribute's types from; they make them Optional for a nullable column.
    _pyi_private_set_type: Decimal | int | str | Combinable
    _pyi_private_get_type: Decimal

    def get_internal_type(self) -> str:
        return "ExactDecimalField"

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "bigint" if connection.vendor == "sqlite" else f"numeric({DIGITS},{PLACES})"

    def to_python(self, value: Any) -> Decimal | None:
        return None if value is None else exact(value)

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return self.to_python(value)

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        value = super().get_db_prep_value(value, connection, prepared)
        if isinstance(value, Decimal) and connection.vendor == "sqlite":
            return int(value.scaleb(PLACES))
        return value

    def get_db_converters(self, connection: BaseDatabaseWrapper) -> list[Any]:
        # PostgreSQL gives Decimals already: no function call per value of a large read.
        return [self.from_scaled] if connection.vendor == "sqlite" else []

    def from_scaled(self, value: int | None, expression: Any, connection: BaseDatabaseWrapper) -> Decimal | None:
        """Return the Decimal of SQLite's scaled integer; a float (an average, a quotient) is a TypeError."""
        if value is None:
            return None
        if not isinstance(value, int):
            raise TypeError(f"Expected a scaled integer from {expression}; found {value!r}.")
        return Decimal(value).scaleb(-PLACES)

    def value_to_string(self, obj: Any) -> str:
        return format(exact(self.value_from_object(obj)), "f")

    def formfield(self, *args: Any, **kwargs: Any) -> Any:
        return super().formfield(
            *args, **{"form_class": forms.DecimalField, "max_digits": DIGITS, "decimal_places": PLACES, **kwargs}
        )


for _connector in (Combinable.ADD, Combinable.SUB):
    register_combinable_fields(ExactDecimalField, _connector, ExactDecimalField, ExactDecimalField)
