"""An account: the money of one user at one venue."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from trading.models.fields import ExactDecimalField


class Account(models.Model):
    """One user's money and positions at one venue; written by services only, under the row's lock."""

    class Venue(models.TextChoices):
        PAPER = "paper", _("Paper trading")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="accounts", verbose_name=_("user")
    )
    name = models.SlugField(_("name"), max_length=50, help_text=_("Unique per user; fixed once the account exists."))
    venue = models.CharField(_("venue"), max_length=16, choices=Venue, default=Venue.PAPER)
    currency = models.CharField(_("currency"), max_length=12, default="USD")
    total = ExactDecimalField(_("total"), default=Decimal(0))
    used = ExactDecimalField(
        _("used"), default=Decimal(0), help_text=_("Reservations of open orders plus margin of positions.")
    )
    day_equity = ExactDecimalField(
        _("day equity"), default=Decimal(0), help_text=_("Equity at the start of the UTC day.")
    )
    day_started = models.DateField(_("day started"))
    leverage = models.PositiveSmallIntegerField(
        _("leverage"), default=1, help_text=_("Applies to new orders and positions.")
    )
    robot = models.BooleanField(_("robot"), default=False, help_text=_("Traded by the demo's robot."))
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        permissions = [
            ("adjust_balance", _("Can adjust an account's balance")),
            ("reset_account", _("Can reset an account")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["user", "name"], name="account_name_unique_per_user"),
            models.CheckConstraint(condition=models.Q(used__gte=0), name="account_used_not_negative"),
            models.CheckConstraint(condition=models.Q(leverage__gte=1), name="account_leverage_at_least_1"),
        ]

    def __str__(self) -> str:
        return f"{self.user}/{self.name}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        fields = kwargs.get("update_fields")
        if not self._state.adding and (fields is None or "name" in fields):
            self._refuse_new_name()
        super().save(*args, **kwargs)

    @property
    def free(self) -> Decimal:
        """What may be spent: total - used, exactly; derived, so that the three can never disagree."""
        return self.total - self.used

    def _refuse_new_name(self) -> None:
        # The name is the key of the account's documents on the wire: a new one would be another account to clients.
        stored = Account.objects.filter(pk=self.pk).values_list("name", flat=True).first()
        if stored not in (None, self.name):
            raise ValueError(f"An account's name is fixed: expected {stored!r}, found {self.name!r}.")
