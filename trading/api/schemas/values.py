"""The kinds of values that all documents are made of."""

import re
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from django.utils.translation import gettext as _
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from trading.wire import EPOCH, MILLISECOND, decimal_text

DECIMAL = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?", re.ASCII)
LAST_MILLISECOND = 253_402_300_799_999  # of the year 9999, the last that a datetime can name


def _decimal(value: Any) -> Decimal:
    """Take a string only: a JSON number has been a float in most clients, and what that lost can't be seen here."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, str) and DECIMAL.fullmatch(value):
        return Decimal(value)
    found = f"{value!r:.40}" if isinstance(value, str) else type(value).__name__
    message = _('Expected a decimal as a string, such as "1.5"; found %(found)s.') % {"found": found}
    raise PydanticCustomError("decimal_text", "{message}", {"message": message})


DecimalText = Annotated[
    Decimal,
    BeforeValidator(_decimal),
    PlainSerializer(decimal_text, return_type=str),
    WithJsonSchema({"type": "string", "pattern": f"^{DECIMAL.pattern}$", "examples": ["1.5"]}),
]
Timestamp = Annotated[int, Field(ge=0, le=LAST_MILLISECOND, examples=[1767225600000], description="ms UTC")]
Symbol = Annotated[str, Field(pattern=r"^[!-~]{1,32}$", examples=["AAPL"])]
AccountName = Annotated[
    str, Field(pattern=r"^[-a-zA-Z0-9_]{1,50}$", examples=["paper"], description="One of your accounts.")
]
Id = Annotated[str, Field(pattern=r"^[0-9]+$", examples=["318"])]


def moment(timestamp: int | None) -> datetime | None:
    """Return what a timestamp stands for, exactly; None for none."""
    return None if timestamp is None else EPOCH + timestamp * MILLISECOND


class Outgoing(BaseModel):
    """A document that the API sends; what is absent has no key."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Incoming(BaseModel):
    """A document that the API takes: nothing is converted, and an unknown key is an error instead of being lost."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", strict=True)
