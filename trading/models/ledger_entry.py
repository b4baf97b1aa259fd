"""The ledger: why an account's total is what it is."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from trading.models.account import Account
from trading.models.fields import ExactDecimalField
from trading.models.fill import Fill
from trading.wire import decimal_text


class LedgerEntry(models.Model):
    """One change of an account's total; append-only, and the sum of an account's entries is its total."""

    class Kind(models.TextChoices):
        DEPOSIT = "deposit", _("Deposit")
        WITHDRAWAL = "withdrawal", _("Withdrawal")
        REALIZED_PNL = "realized_pnl", _("Realized PnL")
        FEE = "fee", _("Fee")
        ADJUSTMENT = "adjustment", _("Adjustment")

    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, related_name="ledger", verbose_name=_("account"), db_index=False
    )
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    amount = ExactDecimalField(_("amount"), help_text=_("Signed: what the total changed by."))
    balance_after = ExactDecimalField(_("balance after"))
    fill = models.ForeignKey(
        Fill, on_delete=models.CASCADE, null=True, blank=True, related_name="ledger", verbose_name=_("fill")
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,  # who changed the books stays named in them
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("by"),
    )
    note = models.CharField(_("note"), max_length=200, blank=True, default="")
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        indexes = [models.Index(fields=["account", "-id"], name="ledger_of_account")]

    def __str__(self) -> str:
        words = {"id": self.pk, "kind": self.get_kind_display(), "amount": decimal_text(self.amount)}
        return _("Ledger entry %(id)s: %(kind)s %(amount)s, %(account)s") % {**words, "account": self.account}

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError(f"The ledger is append-only: entry {self.pk} exists. Add an adjustment instead.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise TypeError(f"The ledger is append-only: entry {self.pk} stays. Add an adjustment instead.")
