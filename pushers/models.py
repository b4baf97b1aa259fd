"""Who pushes for whom: the shards' leases and the processes that share them. Written only by `lease.py`."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class PushLease(models.Model):
    """Who may push for a shard, until when by the database's clock, and under which epoch (the fencing token).

    There is a row for every shard from the first start on, so the number of rows is the number of shards.
    """

    shard = models.PositiveSmallIntegerField(primary_key=True)
    owner = models.CharField(max_length=120, blank=True)
    epoch = models.BigIntegerField(default=0)
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name = _("push lease")

    def __str__(self) -> str:
        return f"shard {self.shard}: {self.owner or 'nobody'}, epoch {self.epoch}"


class PushProcess(models.Model):
    """A `runpushers` process that takes its share of the shards, and until when it counts by the database's clock."""

    owner = models.CharField(max_length=120, primary_key=True)
    started_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    status = models.JSONField(default=dict)  # written with each renewal; its keys: metrics.process_status

    class Meta:
        verbose_name = _("push process")
        verbose_name_plural = _("push processes")

    def __str__(self) -> str:
        return self.owner
