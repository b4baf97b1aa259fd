"""The naive port: what the Flask-SocketIO original becomes when it is carried over to Django as it stands.

A thread per data type; in it a loop over the watched users; for each of them a query set of instances, a document,
`str(document) != str(last)`, and the whole document through `async_to_sync(group_send)`.
"""

from collections.abc import Callable
from decimal import Decimal
from threading import Thread
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import close_old_connections, connection

from trading.models import Account, Order, Position

Document = Any


def balance(user_id: int) -> Document:
    return [
        {"name": account.name, "total": str(account.total), "used": str(account.used), "free": str(account.free)}
        for account in Account.objects.filter(user_id=user_id)
    ]


def positions(user_id: int) -> Document:
    rows = Position.objects.filter(account__user_id=user_id).exclude(signed_amount=0).select_related("instrument")
    return [
        {
            "id": row.pk,
            "symbol": row.instrument.symbol,
            "amount": str(row.signed_amount),
            "entryPrice": str(row.open_cost / abs(row.signed_amount)),
            "leverage": row.leverage,
            "margin": str(row.margin),
            "openedAt": str(row.opened_at),
        }
        for row in rows
    ]


def pnl(user_id: int) -> Document:
    document, equity = {}, Decimal(0)
    for account in Account.objects.filter(user_id=user_id):
        equity += account.total
    rows = Position.objects.filter(account__user_id=user_id).exclude(signed_amount=0)
    for row in rows.select_related("instrument__quote"):
        earned = row.signed_amount * row.instrument.quote.mark - row.open_cost
        equity += earned
        document[row.instrument.symbol] = {
            "unrealizedPnl": str(earned),
            "markPrice": str(row.instrument.quote.mark),
            "percentage": str(earned / row.margin * 100),
        }
    return {"equity": str(equity), "positions": document}


def orders(user_id: int) -> Document:
    rows = Order.objects.filter(account__user_id=user_id, status__in=["new", "partially_filled"])
    return [
        {
            "id": row.pk,
            "symbol": row.instrument.symbol,
            "side": row.side,
            "type": row.type,
            "price": str(row.price),
            "amount": str(row.amount),
            "filled": str(row.filled),
            "status": row.status,
            "createdAt": str(row.created_at),
        }
        for row in rows.select_related("instrument")
    ]


class NaivePusher:
    """Pushes to the users it is given; `tick` is one round of all its threads."""

    def __init__(self, user_ids: list[int]) -> None:
        self.user_ids = user_ids
        self._last: dict[tuple[str, int], Document] = {}

    def tick(self) -> None:
        """Let the thread of each data type look at every user once."""
        reads: list[Callable[[int], Document]] = [balance, positions, pnl, orders]
        threads = [Thread(target=self._look, args=(read,)) for read in reads]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _look(self, read: Callable[[int], Document]) -> None:
        name = read.__name__
        close_old_connections()
        for user_id in self.user_ids:
            document = read(user_id)
            if str(document) != str(self._last.get((name, user_id))):
                self._last[name, user_id] = document
                message = {"type": "push", "feed": name, "document": document}
                async_to_sync(get_channel_layer().group_send)(f"user.{user_id}", message)
        connection.close()
