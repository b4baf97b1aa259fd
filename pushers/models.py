"""The lease of a shard, written only by `lease.py`."""

from django.db import models


class PushLease(models.Model):
    """Who may push for a shard, until when by the database's clock, and under which epoch (the fencing token)."""

    shard = models.PositiveSmallIntegerField(primary_key=True)
    owner = models.CharField(max_length=120, blank=True)
    epoch = models.BigIntegerField(default=0)
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name = "push lease"

    def __str__(self) -> str:
        return f"shard {self.shard}: {self.owner or 'nobody'}, epoch {self.epoch}"
