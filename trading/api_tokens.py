"""Sign a program in by its API token; `settings.CONSUMERS` names `authenticate` and, for open sockets,
`authenticate_many`."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.utils import timezone

from trading.models import ApiToken, User
from trading.models.api_token import token_digest

LAST_USED_PRECISION = timedelta(minutes=1)  # a program that reconnects in a loop must not write at every attempt


def authenticate(token: str) -> tuple[User, frozenset[str]] | None:
    """Return the token's user and scopes; None for one that is unknown, expired, revoked, or of an inactive user."""
    now = timezone.now()
    found = ApiToken.objects.select_related("user").filter(digest=token_digest(token)).first()
    if found is None or not _is_good(found, now):
        return None
    if found.last_used_at is None or now - found.last_used_at >= LAST_USED_PRECISION:
        # Only over what was read: of requests that come together, one writes.
        ApiToken.objects.filter(pk=found.pk, last_used_at=found.last_used_at).update(last_used_at=now)
    return found.user, frozenset(found.scopes)


def authenticate_many(tokens: Collection[str]) -> dict[str, tuple[User, frozenset[str]]]:
    """Return token -> (user, scopes) of those that `authenticate` would accept, by one query; notes no use."""
    now, digests = timezone.now(), {token_digest(token): token for token in tokens}
    found = ApiToken.objects.select_related("user").filter(digest__in=digests)
    return {digests[row.digest]: (row.user, frozenset(row.scopes)) for row in found if _is_good(row, now)}


def _is_good(token: ApiToken, now: datetime) -> bool:
    expired = token.expires_at is not None and token.expires_at <= now
    return token.revoked_at is None and token.user.is_active and not expired
