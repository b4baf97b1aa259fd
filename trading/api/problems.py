"""Errors as RFC 9457 problem documents: {type, title, status, detail, code, ...}, each with a stable code."""

import json
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

MEDIA_TYPE = "application/problem+json"
TYPE_BASE = "/api/v1/problems/"


@dataclass(frozen=True, slots=True)
class Kind:
    """What all problems of one code have in common."""

    status: int
    title: str | Promise


KINDS = {
    # What can be wrong with a request before the trading rules see it
    "malformed_json": Kind(400, _("The body is not valid JSON")),
    "bad_request": Kind(400, _("The request is malformed")),
    "not_signed_in": Kind(401, _("Sign in, or send a token")),
    "invalid_token": Kind(401, _("The token is unknown, expired or revoked")),
    "csrf_failed": Kind(403, _("The CSRF check failed")),
    "scope_missing": Kind(403, _("The token lacks a scope")),
    "not_found": Kind(404, _("There is nothing here")),
    "method_not_allowed": Kind(405, _("The method is not allowed here")),
    "body_too_large": Kind(413, _("The body is too large")),
    "unsupported_media_type": Kind(415, _("The body must be JSON")),
    "invalid_request": Kind(422, _("The request has not the expected form")),
    "invalid_cursor": Kind(422, _("The cursor is not one of this list")),
    "internal_error": Kind(500, _("Something went wrong on the server")),
    "unavailable": Kind(503, _("The data cannot be read now")),
    # What the trading rules refuse: 422 where the request can never succeed as it is, 409 where it may at another time
    "unknown_symbol": Kind(422, _("There is no such instrument")),
    "halted": Kind(409, _("Trading in the instrument is halted")),
    "trading_frozen": Kind(409, _("Trading is frozen: nothing new may be opened")),
    "stale_market": Kind(409, _("The market has sent no new prices")),
    "invalid_side": Kind(422, _("The side is not known")),
    "invalid_type": Kind(422, _("The order type is not known")),
    "invalid_amount": Kind(422, _("The amount is not valid")),
    "amount_off_step": Kind(422, _("The amount is not a multiple of the step size")),
    "amount_too_large": Kind(422, _("The amount is too large")),
    "below_minimum_notional": Kind(422, _("The order is too small")),
    "invalid_price": Kind(422, _("The price is not valid")),
    "price_required": Kind(422, _("The order needs a price")),
    "price_not_allowed": Kind(422, _("The order takes no price")),
    "price_off_tick": Kind(422, _("The price is not a multiple of the tick size")),
    "insufficient_margin": Kind(422, _("There is not enough free money")),
    "invalid_client_order_id": Kind(422, _("The client order id is not valid")),
    "duplicate_client_order_id": Kind(409, _("The client order id belongs to another order")),
    "duplicate_trade": Kind(409, _("The trade is known already")),
    "invalid_time_in_force": Kind(422, _("The time in force is not known")),
    "invalid_trigger_price": Kind(422, _("The trigger price is not valid")),
    "trigger_price_required": Kind(422, _("The order needs a trigger price")),
    "trigger_price_not_allowed": Kind(422, _("The order takes no trigger price")),
    "would_trigger_now": Kind(409, _("The trigger is reached already")),
    "invalid_take_profit": Kind(422, _("The take profit is not valid")),
    "invalid_stop_loss": Kind(422, _("The stop loss is not valid")),
    "protection_not_allowed": Kind(422, _("The order takes neither take profit nor stop loss")),
    "post_only_not_allowed": Kind(422, _("The order cannot be post-only")),
    "post_only_would_take": Kind(409, _("The order would take and not rest")),
    "invalid_quote_amount": Kind(422, _("The amount in the quote currency is not valid")),
    "nothing_to_reduce": Kind(409, _("There is no position to reduce")),
    "nothing_to_amend": Kind(422, _("Nothing is to be changed")),
    "amount_below_filled": Kind(409, _("More than that is filled already")),
    "insufficient_funds": Kind(422, _("There is not enough free money")),
    "reason_required": Kind(422, _("A reason is needed")),
    "not_open": Kind(409, _("The order is not open any more")),
    "last_superuser": Kind(409, _("The site needs an active superuser")),
    "not_permitted": Kind(403, _("That is not permitted")),
    "duplicate_account": Kind(409, _("The account exists already")),
    "invalid_account_name": Kind(422, _("The account's name is not valid")),
    "invalid_deposit": Kind(422, _("The deposit is not valid")),
    "invalid_leverage": Kind(422, _("The leverage is not valid")),
    "invalid_scope": Kind(422, _("The scopes are not valid")),
    "invalid_token_name": Kind(422, _("The token's name is not valid")),
    "invalid_expiry": Kind(422, _("The token's end is not valid")),
}
UNLISTED = Kind(422, _("The request is refused"))


class ProblemError(Exception):
    """A request that the API refuses; `members` are further members of the problem document."""

    def __init__(self, code: str, detail: str = "", **members: Any) -> None:
        super().__init__(f"{code}: {detail}")
        self.code, self.detail, self.members = code, detail, members


def kind_of(code: str) -> Kind:
    """Return what is known of a code."""
    return KINDS.get(code, UNLISTED)


def problem_response(request: HttpRequest, code: str, detail: str = "", **members: Any) -> HttpResponse:
    """Return the problem document of `code` with its status; `detail` says what was expected and what was found."""
    kind = kind_of(code)
    document = {
        "type": TYPE_BASE + code,
        "title": str(kind.title),
        "status": kind.status,
        "detail": str(detail or kind.title),
        "code": code,
        "instance": request.path,
        **members,
    }
    response = HttpResponse(json.dumps(document), status=kind.status, content_type=MEDIA_TYPE)
    if kind.status == 401:
        response["WWW-Authenticate"] = "Token"
    if kind.status == 503:
        response["Retry-After"] = "5"
    return response
