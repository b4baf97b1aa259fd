"""Sign a program in by its API token; `settings.CONSUMERS["TOKEN_AUTHENTICATOR"]` names `authenticate`."""

from datetime import timedelta

from django.utils import timezone

from trading.models import ApiToken, User
from trading.models.api_token import token_digest

LAST_USED_PRECISION = timedelta(minutes=1)  # a program that reconnects in a loop must not write at every attempt


def authenticate(token: str) -> tuple[User, frozenset[str]] | None:
    """Return the token's user and scopes; None for one that is unknown, expired, revoked, or of an inactive user."""
    now = timezone.now()
    found = ApiToken.objects.select_related("user").filter(digest=token_digest(token)).first()
    if found is None or found.revoked_at is not None or not found.user.is_active:
        return None
    if found.expires_at is not None and found.expires_at <= now:
        return None
    if found.last_used_at is None or now - found.last_used_at >= LAST_USED_PRECISION:
        # Only over what was read: of requests that come together, one writes.
        ApiToken.objects.filter(pk=found.pk, last_used_at=found.last_used_at).update(last_used_at=now)
    return found.user, frozenset(found.scopes)
