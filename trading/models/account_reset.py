"""An account's reset: a new start with a new deposit; what was before stays and is marked."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from trading.models.account import Account
from trading.models.fields import ExactDecimalField


class AccountReset(models.Model):
    """One reset. Rows of the account with ids up to `last_order_id`, `last_fill_id`, `last_entry_id` are before it.

    Ids, not times: they are given under the account's lock, so they say exactly what was before.
    """

    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, related_name="resets", verbose_name=_("account"), db_index=False
    )
    at = models.DateTimeField(_("at"), default=timezone.now, editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("by"),
    )
    total_before = ExactDecimalField(_("total before"), help_text=_("After its orders and positions were closed."))
    deposit = ExactDecimalField(_("deposit"), help_text=_("The new total."))
    note = models.CharField(_("note"), max_length=200, blank=True, default="")
    last_order_id = models.BigIntegerField(_("last order before"), default=0)
    last_fill_id = models.BigIntegerField(_("last fill before"), default=0)
    last_entry_id = models.BigIntegerField(_("last ledger entry before"), default=0)

    class Meta:
        verbose_name = _("account reset")
        verbose_name_plural = _("account resets")
        indexes = [models.Index(fields=["account", "-id"], name="reset_of_account")]
        constraints = [models.CheckConstraint(condition=models.Q(deposit__gte=0), name="reset_deposit_not_negative")]

    def __str__(self) -> str:
        return _("Reset of %(account)s at %(at)s") % {"account": self.account, "at": f"{self.at:%Y-%m-%d %H:%M}"}
