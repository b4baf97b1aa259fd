"""What happens when a user is made, wherever that is: admin, createsuperuser, sign-up, a script."""

from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver

from trading.models import User
from trading.services import account_open


@receiver(post_save, sender=User, dispatch_uid="trading.open_first_account")
def open_first_account(instance: User, created: bool, raw: bool, **kwargs: Any) -> None:
    """Give a new user the account `paper`; a fixture (raw) brings its own rows.

    Not on commit: user and account are made in one transaction where there is one, so no reader sees the one without
    the other.
    """
    if created and not raw:
        account_open(user=instance)
