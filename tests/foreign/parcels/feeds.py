"""The feed of this project: every owner's parcels. The file that FOREIGN_READS names counts who was read.

With FOREIGN_HANG it hangs for so many seconds, as a feed does that asks another service.
"""

import logging
import os
import time
from collections.abc import Sequence
from typing import Any

from pushers import Document, Feed, register
from tests.foreign.parcels.models import Parcel


@register
class ParcelFeed(Feed):
    """Parcel id -> {destination, status}."""

    name = "parcels"
    interval = 5.0

    def fetch(self, user_ids: Sequence[Any]) -> dict[Any, Document]:
        if counted := os.environ.get("FOREIGN_READS"):
            with open(counted, "a") as file:
                file.write(f"{len(user_ids)}\n")
        if seconds := os.environ.get("FOREIGN_HANG"):
            logging.getLogger("pushers").info("The feed hangs.")
            time.sleep(float(seconds))
        documents: dict[Any, Document] = {user_id: {} for user_id in user_ids}
        rows = Parcel.objects.filter(owner__in=user_ids).values_list("owner", "pk", "destination", "status")
        for owner, parcel, destination, status in rows:
            documents[owner][str(parcel)] = {"destination": destination, "status": status}
        return documents
