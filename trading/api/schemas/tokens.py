"""API tokens and problems."""

from typing import Literal

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from trading.api.schemas.values import Id, Outgoing, Timestamp


class TokenDocument(Outgoing):
    """One token; its secret was shown once, when it was made on the site."""

    id: Id
    name: str
    prefix: str = Field(description="The first characters of the secret.")
    scopes: list[Literal["read", "trade"]]
    timestamp: Timestamp
    expires: Timestamp | SkipJsonSchema[None] = None
    last_used: Timestamp | SkipJsonSchema[None] = Field(None, description="Exact to a minute.")
    revoked: Timestamp | SkipJsonSchema[None] = None


class Tokens(Outgoing):
    """All tokens, newest first."""

    items: list[TokenDocument]


class ProblemKind(Outgoing):
    """One code that errors carry."""

    code: str
    type: str
    title: str
    status: int


class ProblemKinds(Outgoing):
    """All codes."""

    items: list[ProblemKind]


class Finding(Outgoing):
    """One value of the request that is not valid."""

    place: str = Field(alias="in", examples=["body"])
    name: str = Field(examples=["amount"])
    code: str
    message: str


class Problem(Outgoing):
    """An error, RFC 9457."""

    type: str = Field(examples=["/api/v1/problems/price_off_tick"])
    title: str = Field(examples=["The price is not a multiple of the tick size"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["The price must be a multiple of 0.01; found 60.001."])
    code: str = Field(description="Stable: for programs.", examples=["price_off_tick"])
    instance: str = Field(description="The path that was asked for.", examples=["/api/v1/orders"])
    scope: str | SkipJsonSchema[None] = Field(None, description="The scope that was missing (scope_missing).")
    errors: list[Finding] | SkipJsonSchema[None] = Field(None, description="What is not valid (invalid_request).")
