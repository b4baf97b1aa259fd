"""An account's erasure: the record of an account whose books were deleted, and the permission to do so."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from trading.models.fields import ExactDecimalField


class AccountErasure(models.Model):
    """Written by `account_erase` before it deletes; the database's triggers let go of that account's rows alone."""

    account_id = models.BigIntegerField(_("account"), unique=True, help_text=_("Its id, while it existed."))
    username = models.CharField(_("username"), max_length=150)
    name = models.CharField(_("name"), max_length=50)
    total = ExactDecimalField(_("total"), help_text=_("At the end."))
    reason = models.CharField(_("reason"), max_length=200)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("by"),
    )
    at = models.DateTimeField(_("at"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("account erasure")
        verbose_name_plural = _("account erasures")

    def __str__(self) -> str:
        return f"{self.username}/{self.name} ({self.account_id})"
