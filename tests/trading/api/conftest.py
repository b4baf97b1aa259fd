"""Callers of the API: a program with a token, and a browser with a session."""

import json
from typing import Any

import pytest
from django.test import Client

from trading.models import Account, User
from trading.services import token_create

ROOT = "/api/v1"


class Caller:
    """Calls the API with its credentials and returns status and document."""

    def __init__(self, **headers: str) -> None:
        self.client = Client(enforce_csrf_checks=True)
        self.headers = headers

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> tuple[int, Any]:
        response = self.answer(method, path, body, **query)
        return response.status_code, json.loads(response.content) if response.content else None

    def answer(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        data = body if isinstance(body, str | bytes) else json.dumps(body)
        return self.client.generic(
            method,
            ROOT + path,
            "" if body is None else data,
            content_type="application/json",
            query_params=query or None,
            headers=self.headers,
        )

    def get(self, path: str, **query: Any) -> Any:
        """The document of a read that must succeed."""
        status, document = self.call("GET", path, **query)
        assert status == 200, document
        return document

    def code(self, method: str, path: str, body: Any = None, **query: Any) -> tuple[int, str]:
        """Status and code of a problem."""
        status, document = self.call(method, path, body, **query)
        return status, document.get("code")


def token_caller(user: User, *scopes: str) -> Caller:
    _token, secret = token_create(user=user, name="test", scopes=scopes)
    return Caller(authorization=f"Token {secret}")


@pytest.fixture
def user(account: Account) -> User:
    return User.objects.get(pk=account.user_id)


@pytest.fixture
def reader(user: User) -> Caller:
    """A program that may read."""
    return token_caller(user, "read")


@pytest.fixture
def trader(user: User) -> Caller:
    """A program that may read and trade."""
    return token_caller(user, "read", "trade")


@pytest.fixture
def stranger(db: None) -> Caller:
    """A program of another user, who may read and trade."""
    return token_caller(User.objects.create_user("stranger"), "read", "trade")
