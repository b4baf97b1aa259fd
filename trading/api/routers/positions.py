"""Positions: close them, protect them, set their leverage."""

from typing import Any

from django.http import HttpRequest

from trading import services
from trading.api.auth import TRADE, caller
from trading.api.documents import order_document, position_terms_document
from trading.api.lookups import own_account
from trading.api.routers.router import DocumentRouter
from trading.api.schemas.accounts import (
    CloseRequest,
    LeverageDocument,
    LeverageRequest,
    ProtectionDocument,
    ProtectionRequest,
)
from trading.api.schemas.orders import OrderDocument
from trading.selectors.history import order_row

router = DocumentRouter("Positions and PnL")


@router.post("/positions/close", auth=TRADE, response={201: OrderDocument}, summary="Close a position")
def position_close(request: HttpRequest, wanted: CloseRequest) -> Any:
    """Close a position, or a part of it, by a market order that only reduces; the answer is that order."""
    user = caller(request)
    account = own_account(user, wanted.account)
    order = services.position_close(account=account, symbol=wanted.symbol, amount=wanted.amount)
    row = order_row(user.pk, order.pk)
    assert row is not None
    return order_document(row)


@router.put("/positions/protection", auth=TRADE, response=ProtectionDocument, summary="Set take profit and stop loss")
def position_protect(request: HttpRequest, wanted: ProtectionRequest) -> Any:
    """Set both of a position's prices; one that is absent is cleared. The first that the mark reaches closes it."""
    account = own_account(caller(request), wanted.account)
    position = services.position_protect(
        account=account, symbol=wanted.symbol, take_profit=wanted.take_profit, stop_loss=wanted.stop_loss
    )
    return position_terms_document(account, wanted.symbol, position)


@router.put("/positions/leverage", auth=TRADE, response=LeverageDocument, summary="Set the leverage")
def leverage_set(request: HttpRequest, wanted: LeverageRequest) -> Any:
    """Set the leverage of the account's position in a symbol, open or next, and of its open orders there."""
    account = own_account(caller(request), wanted.account)
    position = services.leverage_set(account=account, symbol=wanted.symbol, leverage=wanted.leverage)
    return position_terms_document(account, wanted.symbol, position)
