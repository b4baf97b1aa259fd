"""Make and revoke API tokens."""

import secrets
from collections.abc import Iterable
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from pushers import access_changed
from trading.errors import TradingError
from trading.models import ApiToken, User
from trading.models.api_token import SCOPES, token_digest

SECRET_BYTES = 32  # more than anybody can guess, so one round of SHA-256 is enough to store it by
PREFIX_LENGTH = 12
NAME_LENGTH = 80


def token_create(
    *, user: User, name: str, scopes: Iterable[str] = ("read",), expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """Make a token and return it with its secret, which is stored nowhere.

    Raises TradingError `invalid_token_name`, `invalid_scope`, and `invalid_expiry` for an end that is not ahead.
    """
    _check_name(name)
    _check_expiry(expires_at)
    wanted = sorted(set(scopes))
    unknown = [scope for scope in wanted if scope not in SCOPES]
    if unknown or not wanted:
        message = _("Scopes are one or more of %(scopes)s; found %(found)s.")
        found = ", ".join(unknown) or _("none")
        raise TradingError("invalid_scope", message % {"scopes": ", ".join(SCOPES), "found": found})
    secret = f"trade_{secrets.token_urlsafe(SECRET_BYTES)}"
    token = ApiToken.objects.create(
        user=user,
        name=name,
        prefix=secret[:PREFIX_LENGTH],
        digest=token_digest(secret),
        scopes=wanted,
        expires_at=expires_at,
    )
    return token, secret


def _check_name(name: str) -> None:
    if not 0 < len(name) <= NAME_LENGTH or not name.isprintable() or name.isspace():
        message = _("A token's name has 1 to %(most)s printable characters; found %(name)s.")
        raise TradingError("invalid_token_name", message % {"most": NAME_LENGTH, "name": f"{name!r:.90}"})


def _check_expiry(expires_at: datetime | None) -> None:
    if expires_at is not None and expires_at <= timezone.now():
        message = _("A token must end in the future; found %(end)s.")
        raise TradingError("invalid_expiry", message % {"end": f"{expires_at:%Y-%m-%d %H:%M}"})


def token_revoke(*, token: ApiToken) -> ApiToken:
    """Revoke a token for good; one that is revoked already keeps its time."""
    if token.revoked_at is None:
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at"])
        access_changed([token.user_id])
    return token
