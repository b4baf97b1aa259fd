"""The audit trail: what operators did to users, accounts, instruments and the site."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class AuditEntry(models.Model):
    """One act: who did what to whom, when, why and from where. Append-only, like the ledger.

    It refers to nobody by a foreign key: names and ids are copies, so that the entry stays as it was written whatever
    becomes of the user, the account or the row. `before` and `after` are objects of strings, field by field.
    """

    class Action(models.TextChoices):
        ADD = "add", _("Add")
        CHANGE = "change", _("Change")
        DELETE = "delete", _("Delete")
        USER_DEACTIVATE = "user.deactivate", _("Deactivate user")
        USER_ACTIVATE = "user.activate", _("Activate user")
        USER_SIGN_OUT = "user.sign_out", _("Force sign-out")
        USER_DISCONNECT = "user.disconnect", _("Disconnect sockets")
        USER_WATCH = "user.watch", _("Watch live state")
        BALANCE_ADJUST = "balance.adjust", _("Adjust balance")
        TRADING_FREEZE = "trading.freeze", _("Freeze trading")
        TRADING_UNFREEZE = "trading.unfreeze", _("Unfreeze trading")
        ACCOUNT_RESET = "account.reset", _("Reset account")
        ORDERS_CANCEL = "orders.cancel", _("Cancel orders")
        TOKEN_REVOKE = "token.revoke", _("Revoke tokens")
        EXPORT = "export", _("Export as CSV")

    at = models.DateTimeField(_("at"), default=timezone.now, editable=False)
    action = models.CharField(_("action"), max_length=32, choices=Action)
    actor_id = models.BigIntegerField(_("actor's id"), null=True, help_text=_("None: a command or the site itself."))
    actor = models.CharField(_("actor"), max_length=150, blank=True)
    subject_id = models.BigIntegerField(_("subject's id"), null=True, help_text=_("The user to whom it was done."))
    subject = models.CharField(_("subject"), max_length=150, blank=True)
    object_type = models.CharField(_("object type"), max_length=60, blank=True)
    object_id = models.CharField(_("object id"), max_length=64, blank=True)
    object_text = models.CharField(_("object"), max_length=200, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    before = models.JSONField(_("before"), default=dict)
    after = models.JSONField(_("after"), default=dict)
    address = models.CharField(_("address"), max_length=64, blank=True)
    agent = models.CharField(_("agent"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit trail")
        indexes = [
            models.Index(fields=["subject_id", "-id"], name="audit_of_subject"),
            models.Index(fields=["actor_id", "-id"], name="audit_of_actor"),
            models.Index(fields=["at"], name="audit_at"),
        ]
        constraints = [models.CheckConstraint(condition=~Q(action=""), name="audit_entry_has_an_action")]

    def __str__(self) -> str:
        words = {"actor": self.actor, "action": self.get_action_display(), "subject": self.subject or self.object_text}
        return _("%(actor)s: %(action)s, %(subject)s") % words

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError(f"The audit trail is append-only: entry {self.pk} exists.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise TypeError(f"The audit trail is append-only: entry {self.pk} stays.")
