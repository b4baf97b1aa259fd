import ast
import re

import pytest
from django.db import OperationalError

from tests.architecture.sources import sources
from tests.trading.api.conftest import Caller
from trading.api.problems import KINDS
from trading.models import Account

pytestmark = pytest.mark.django_db
ORDER = {"symbol": "AAPL", "side": "buy", "type": "market", "amount": "1"}


def problem(caller, method, path, body=None, **query):
    response = caller.answer(method, path, body, **query)
    document = response.json()
    assert response["Content-Type"] == "application/problem+json"
    assert {"type", "title", "status", "detail", "code", "instance"} <= set(document)
    assert document["status"] == response.status_code == KINDS[document["code"]].status
    assert document["type"] == f"/api/v1/problems/{document['code']}"
    assert document["instance"] == response.wsgi_request.path
    assert response["Cache-Control"] == "no-store"
    return document


@pytest.mark.parametrize("path", ["/", "/nothing", "/orders/nothing/here", "/accounts/", "/problems/nothing"])
def test_an_unknown_path(reader, path):
    assert problem(reader, "GET", path)["code"] == "not_found"


def test_an_unknown_path_is_so_for_every_method(reader):
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert problem(reader, method, "/nothing", {})["code"] == "not_found"


def test_a_method_that_is_not_there_names_those_that_are(reader):
    assert problem(reader, "DELETE", "/user")["code"] == "method_not_allowed"
    assert reader.answer("DELETE", "/user")["Allow"] == "GET"


def test_whoever_does_not_sign_in():
    assert problem(Caller(), "GET", "/user")["code"] == "not_signed_in"
    assert Caller().answer("GET", "/user")["WWW-Authenticate"] == "Token"


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "501"}, "limit"),
        ({"limit": "ten"}, "limit"),
        ({"since": "-1"}, "since"),
        ({"since": "1" * 30}, "since"),
        ({"side": "hold"}, "side"),
        ({"symbol": "\x00"}, "symbol"),
    ],
)
def test_what_is_not_valid_is_named(reader, query, name):
    found = problem(reader, "GET", "/fills", **query)
    assert found["code"] == "invalid_request"
    assert [(error["in"], error["name"]) for error in found["errors"]] == [("query", name)]
    assert found["detail"].startswith(f"{name}: ")


def test_an_unexpected_error_says_nothing_of_its_cause(reader, monkeypatch, caplog):
    def broken(*arguments, **options):
        raise RuntimeError("a secret of the house")

    monkeypatch.setattr("trading.api.routers.accounts.account_document", broken)
    found = problem(reader, "GET", "/accounts")
    assert (found["code"], "secret" in str(found)) == ("internal_error", False)
    assert "a secret of the house" in caplog.text


def test_a_database_that_is_away_may_be_asked_again(reader, monkeypatch):
    def away(*arguments, **options):
        raise OperationalError("the connection is lost")

    monkeypatch.setattr("trading.api.routers.accounts.account_document", away)
    assert problem(reader, "GET", "/accounts")["code"] == "unavailable"
    assert reader.answer("GET", "/accounts")["Retry-After"] == "5"


def test_every_code_has_its_page():
    listed = Caller().get("/problems")["items"]
    assert {item["code"] for item in listed} == set(KINDS)
    for item in listed:
        assert Caller().get(item["type"].removeprefix("/api/v1")) == item


def test_every_code_of_the_trading_rules_is_listed():
    nodes = [node for _path, tree in sources() for node in ast.walk(tree)]
    constants = {
        ast.unparse(node.targets[0]): node.value.value
        for node in nodes
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
    }
    calls = [node for node in nodes if isinstance(node, ast.Call) and node.args]
    codes = [call.args[0] for call in calls if ast.unparse(call.func) in ("TradingError", "ProblemError")]
    raised = {code.value for code in codes if isinstance(code, ast.Constant)}
    raised |= {constants[ast.unparse(code)] for code in codes if isinstance(code, ast.Name) and code.id.isupper()}
    assert "nothing_to_reduce" in raised
    assert raised <= set(KINDS)


def test_titles_are_short_and_without_a_full_stop():
    for code, kind in KINDS.items():
        assert re.fullmatch(r"[a-z_]+", code)
        assert len(str(kind.title)) < 60
        assert not str(kind.title).endswith(".")


def test_nothing_of_the_caller_is_kept_by_a_cache(reader, account):
    assert reader.answer("GET", "/balance")["Cache-Control"] == "no-store"
    assert Account.objects.filter(pk=account.pk).exists()
