"""An API token: how a program signs in."""

from hashlib import sha256

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

SCOPES = ("read", "trade")


def token_digest(secret: str) -> str:
    """Return what is stored of a token."""
    # A client may send any JSON string, also one that is no valid Unicode: it is unknown, not an error.
    return sha256(secret.encode(errors="surrogatepass")).hexdigest()


class ApiToken(models.Model):
    """A program's credential; only the digest of its secret is stored."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens", verbose_name=_("user")
    )
    name = models.CharField(_("name"), max_length=80)
    prefix = models.CharField(_("prefix"), max_length=16, help_text=_("The first characters, to recognise it by."))
    digest = models.CharField(_("digest"), max_length=64, unique=True, help_text=_("SHA-256 of the token, in hex."))
    scopes = models.JSONField(_("scopes"), default=list, help_text=_('A list of "read" and "trade".'))
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used at"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"
