"""The rows that this project pushes."""

from django.conf import settings
from django.db import models


class Parcel(models.Model):
    """Something on its way to its owner."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="parcels")
    destination = models.CharField(max_length=100)
    status = models.CharField(max_length=20, default="packed")

    def __str__(self) -> str:
        return f"parcel {self.pk} to {self.destination}"
