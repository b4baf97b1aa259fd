"""Accounts: who the caller is, and what he has."""

from typing import Any

from django.http import HttpRequest
from ninja import Query
from pydantic import BaseModel

from trading.api.auth import caller
from trading.api.documents import account_document
from trading.api.lookups import own_account
from trading.api.routers.router import DocumentRouter
from trading.api.schemas.accounts import AccountDocument, Accounts, Balances, UserDocument
from trading.api.schemas.values import AccountName
from trading.models import Account
from trading.selectors.accounts import balances

router = DocumentRouter("Accounts")


class AccountQuery(BaseModel):
    """One account, or all."""

    account: AccountName | None = None


@router.get("/user", response=UserDocument, summary="Who is signed in")
def user_show(request: HttpRequest) -> Any:
    """The user that the session or the token belongs to."""
    user = caller(request)
    return {"id": str(user.pk), "username": user.username, "time_zone": user.time_zone}


@router.get("/accounts", response=Accounts, summary="All accounts")
def account_list(request: HttpRequest) -> Any:
    """Your accounts with their terms and money, by name."""
    accounts = Account.objects.filter(user=caller(request)).order_by("name")
    return {"items": [account_document(account) for account in accounts]}


@router.get("/accounts/{account}", response=AccountDocument, summary="One account")
def account_show(request: HttpRequest, account: str) -> Any:
    """One of your accounts, by its name."""
    return account_document(own_account(caller(request), account))


@router.get("/balance", response=Balances, summary="Balances")
def balance_list(request: HttpRequest, query: Query[AccountQuery]) -> Any:
    """What each account has, holds in use and may spend: total = used + free exactly."""
    user = caller(request)
    wanted = None if query.account is None else own_account(user, query.account).name
    rows = sorted(row for row in balances([user.pk]) if wanted in (None, row.account))
    return {"items": [{**row._asdict(), "free": row.total - row.used} for row in rows]}
