"""The caller's own objects; anybody else's do not exist for him."""

import re

from django.core.validators import slug_re
from django.utils.translation import gettext as _

from trading.api.problems import ProblemError
from trading.models import Account, ApiToken, Order, User

ID = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)  # 19 digits: what a database's id can have


def own_account(user: User, name: str) -> Account:
    """Return one of the user's accounts; raise ProblemError `not_found`."""
    # What is no name may be no text for the database either.
    account = Account.objects.filter(user=user, name=name).first() if slug_re.fullmatch(name) else None
    if account is None:
        raise ProblemError("not_found", _("You have no account %(name)s.") % {"name": f"{name!r:.80}"})
    return account


def own_account_ids(user: User, name: str | None) -> list[int]:
    """Return the id of the account named, or of all the user's accounts; raise ProblemError `not_found`."""
    if name is not None:
        return [own_account(user, name).pk]
    return list(Account.objects.filter(user=user).order_by("id").values_list("id", flat=True))


def own_order(user: User, order_id: str) -> Order:
    """Return an order of the user's accounts; raise ProblemError `not_found`."""
    order = Order.objects.filter(account__user=user, pk=known_id(order_id)).first()
    if order is None:
        raise missing_order(order_id)
    return order


def missing_order(order_id: str) -> ProblemError:
    """Return the problem of an order that the caller does not have."""
    return ProblemError("not_found", _("You have no order %(id)s.") % {"id": f"{order_id:.40}"})


def own_token(user: User, token_id: str) -> ApiToken:
    """Return one of the user's API tokens; raise ProblemError `not_found`."""
    token = ApiToken.objects.filter(user=user, pk=known_id(token_id)).first()
    if token is None:
        raise ProblemError("not_found", _("You have no token %(id)s.") % {"id": f"{token_id:.40}"})
    return token


def known_id(text: str) -> int:
    """Return the id that a path names; 0, which nothing has, for what is no id."""
    return int(text) if ID.fullmatch(text) else 0
