"""A freeze: what a user, an instrument or the whole site may not do for now."""

from django.conf import settings
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class TradingFreeze(models.Model):
    """While the row exists nothing new is opened: by its user, or in its instrument; with neither, by anybody.

    Canceling, closing and reducing stay allowed, and orders that rest already stay at work. An instrument that is to
    stand still altogether is halted instead (Instrument.halted): then nothing fills.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="freezes",
        verbose_name=_("user"),
    )
    instrument = models.ForeignKey(
        "trading.Instrument",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="freezes",
        verbose_name=_("instrument"),
    )
    reason = models.CharField(_("reason"), max_length=200)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )
    at = models.DateTimeField(_("at"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("trading freeze")
        verbose_name_plural = _("trading freezes")
        permissions = [("freeze_trading", _("Can freeze and unfreeze trading"))]
        constraints = [
            models.UniqueConstraint(
                Coalesce("user", Value(0)), Coalesce("instrument", Value(0)), name="trading_freeze_once"
            ),
            models.CheckConstraint(
                condition=Q(user=None) | Q(instrument=None), name="trading_freeze_of_a_user_or_an_instrument"
            ),
        ]

    def __str__(self) -> str:
        return str(self.user or self.instrument or _("The whole site"))
