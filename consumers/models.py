"""Who is connected: a row for every open socket and for the process that holds it. Written only by `presence.py`."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class WebProcess(models.Model):
    """A web server process with sockets, until when it counts, and what it last said of itself.

    Its sockets were last seen when it last spoke: one statement for all of them, however many there are.
    """

    name = models.CharField(_("name"), max_length=120, primary_key=True)
    started_at = models.DateTimeField(_("started at"))
    seen_at = models.DateTimeField(_("seen at"))
    expires_at = models.DateTimeField(_("expires at"), db_index=True)
    status = models.JSONField(_("status"), default=dict)

    class Meta:
        verbose_name = _("web process")
        verbose_name_plural = _("web processes")

    def __str__(self) -> str:
        return self.name


class OpenSocket(models.Model):
    """An open socket of a user. It costs one row inserted, and one deleted, each in a batch."""

    process = models.ForeignKey(
        WebProcess, on_delete=models.CASCADE, related_name="sockets", verbose_name=_("web process")
    )
    number = models.BigIntegerField(_("number"))  # within the process
    # No constraint and no cascade: a row is written after the fact, and its user may be gone by then.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="open_sockets",
        verbose_name=_("user"),
    )
    watching = models.CharField(
        _("watching"), max_length=64, blank=True, help_text=_("The user whose state it shows, if it is another's.")
    )
    since = models.DateTimeField(_("since"))
    address = models.CharField(_("address"), max_length=64, blank=True)
    agent = models.CharField(_("agent"), max_length=200, blank=True)
    by_token = models.BooleanField(_("by token"), default=False)

    class Meta:
        verbose_name = _("open socket")
        verbose_name_plural = _("open sockets")
        constraints = [models.UniqueConstraint(fields=["process", "number"], name="open_socket_of_process")]

    def __str__(self) -> str:
        return f"{self.user_id}, {self.address}"
