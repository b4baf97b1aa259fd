"""Orders: preview, place, amend, cancel, and look at them."""

from typing import Any

from django.http import HttpRequest
from ninja import Query

from trading import services
from trading.api.auth import READ, TRADE, caller
from trading.api.documents import order_document, preview_document
from trading.api.lookups import known_id, missing_order, own_account, own_order
from trading.api.pagination import cursor_text
from trading.api.routers.history import HistoryQuery
from trading.api.routers.router import DocumentRouter, examples
from trading.api.schemas.orders import (
    AmendRequest,
    CancelAllRequest,
    CanceledOrders,
    OrderDocument,
    OrderRequest,
    Orders,
    OrderTerms,
    PreviewDocument,
)
from trading.models import OPEN_STATUSES, Order, User
from trading.selectors.history import order_history, order_row, order_rows

router = DocumentRouter("Orders")

EXAMPLES = {
    "A limit order": {"symbol": "AAPL", "side": "buy", "type": "limit", "amount": "10", "price": "60"},
    "For an amount of money, with leverage": {
        "symbol": "AAPL",
        "side": "buy",
        "type": "market",
        "quoteAmount": "1000",
        "leverage": 2,
    },
    "With take profit and stop loss": {
        "symbol": "AAPL",
        "side": "buy",
        "type": "market",
        "amount": "10",
        "takeProfit": "66",
        "stopLoss": "57",
    },
    "A stop that only reduces": {
        "symbol": "AAPL",
        "side": "sell",
        "type": "stop_market",
        "amount": "10",
        "triggerPrice": "57",
        "reduceOnly": True,
    },
}


@router.get("/orders", response=Orders, summary="Open orders")
def order_list(request: HttpRequest, query: Query[HistoryQuery]) -> Any:
    """The orders that can still fill, newest first. All others are in the order history."""
    wanted = query.wanted(caller(request), statuses=OPEN_STATUSES)
    page = order_history(wanted, before=query.before("open"), limit=query.limit)
    return {"items": [order_document(row) for row in page.rows], "next_cursor": cursor_text("open", page.next_before)}


@router.post(
    "/orders",
    auth=TRADE,
    response={201: OrderDocument},
    summary="Place an order",
    openapi_extra=examples(EXAMPLES),
)
def order_place(request: HttpRequest, order: OrderRequest) -> Any:
    """Place an order: it fills as far as the quote's size goes, and the rest rests, waits or expires.

    An order that the rules refuse is not written: the answer is the problem. A repeated `clientOrderId` with the same
    body answers with the order that it made.
    """
    user = caller(request)
    account = own_account(user, order.account)
    placed = services.order_place(account=account, **_terms(order), client_order_id=order.client_order_id)
    return _document(user, placed)


@router.post(
    "/orders/preview",
    auth=READ,
    response=PreviewDocument,
    summary="Preview an order",
    openapi_extra=examples(EXAMPLES),
)
def order_preview(request: HttpRequest, order: OrderTerms) -> Any:
    """What an order would cost now and where it would be liquidated. Nothing is written: the scope `read` suffices."""
    account = own_account(caller(request), order.account)
    preview = services.order_preview(account=account, **_terms(order))
    return preview_document(preview)


@router.post("/orders/cancel-all", auth=TRADE, response=CanceledOrders, summary="Cancel all orders")
def orders_cancel(request: HttpRequest, which: CancelAllRequest) -> Any:
    """Cancel the account's open orders, or those of one symbol; the answer has those that were canceled."""
    user = caller(request)
    canceled = services.orders_cancel(account=own_account(user, which.account), symbol=which.symbol)
    return {"items": [order_document(row) for row in order_rows(user.pk, [order.pk for order in canceled])]}


@router.get("/orders/{order_id}", response=OrderDocument, summary="One order")
def order_show(request: HttpRequest, order_id: str) -> Any:
    """One of your orders, open or not."""
    row = order_row(caller(request).pk, known_id(order_id))
    if row is None:
        raise missing_order(order_id)
    return order_document(row)


@router.patch("/orders/{order_id}", auth=TRADE, response=OrderDocument, summary="Amend an order")
def order_amend(request: HttpRequest, order_id: str, change: AmendRequest) -> Any:
    """Give an open order another price, amount or trigger price. If that is refused, it stays as it was."""
    user = caller(request)
    order = own_order(user, order_id)
    amended = services.order_amend(
        order=order, price=change.price, amount=change.amount, trigger_price=change.trigger_price
    )
    return _document(user, amended)


@router.delete("/orders/{order_id}", auth=TRADE, response=OrderDocument, summary="Cancel an order")
def order_cancel(request: HttpRequest, order_id: str) -> Any:
    """Cancel an open order; it keeps its fills."""
    user = caller(request)
    return _document(user, services.order_cancel(order=own_order(user, order_id)))


def _terms(order: OrderTerms) -> dict[str, Any]:
    """Return what the services call by the same names."""
    return {name: getattr(order, name) for name in OrderTerms.model_fields if name != "account"}


def _document(user: User, order: Order) -> dict[str, Any]:
    """Return the order as it is in the database, whatever the service's own copy has missed."""
    row = order_row(user.pk, order.pk)
    assert row is not None
    return order_document(row)
