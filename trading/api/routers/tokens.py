"""API tokens: list and revoke. They are made on the site only, so that a token can't make others that outlive it."""

from typing import Any

from django.http import HttpRequest

from trading import services
from trading.api.auth import TRADE, caller
from trading.api.documents import token_document
from trading.api.lookups import own_token
from trading.api.routers.router import DocumentRouter
from trading.api.schemas.tokens import TokenDocument, Tokens
from trading.models import ApiToken

router = DocumentRouter("API tokens")


@router.get("/tokens", response=Tokens, summary="All tokens")
def token_list(request: HttpRequest) -> Any:
    """Your tokens, the newest first, revoked and expired ones included; never their secrets."""
    tokens = ApiToken.objects.filter(user=caller(request)).order_by("-id")
    return {"items": [token_document(token) for token in tokens]}


@router.delete("/tokens/{token_id}", auth=TRADE, response=TokenDocument, summary="Revoke a token")
def token_revoke(request: HttpRequest, token_id: str) -> Any:
    """Revoke a token for good: no request is signed in by it any more. Revoking it again changes nothing."""
    return token_document(services.token_revoke(token=own_token(caller(request), token_id)))
