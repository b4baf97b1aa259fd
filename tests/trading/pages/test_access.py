"""Who may look at a page and send its forms."""

from decimal import Decimal

import pytest
from django.test import Client

from trading.models import Account, Instrument, Order, Position, User
from trading.services import order_place, token_create

PAGES = ["/", "/history/orders/", "/history/fills/", "/history/orders.csv", "/history/fills.csv", "/summary/"]
PAGES += ["/history/equity/", "/history/calendar/", "/accounts/", "/accounts/paper/", "/tokens/", "/preferences/"]
OWN_PAGES = ["/orders/{order}/", "/accounts/hers/"]
ACTIONS = ["/orders/{order}/amend/", "/orders/{order}/cancel/", "/accounts/hers/reset/", "/tokens/{token}/revoke/"]
ACTIONS += ["/positions/{position}/" + name + "/" for name in ("close", "protect", "leverage")]
FORMS = ["/orders/", "/orders/preview/", "/orders/cancel/", "/tokens/", "/preferences/"]


@pytest.fixture
def keys(alice: User, aapl: Instrument) -> dict[str, int]:
    """What alice has: an open order, a position and a token."""
    account = Account.objects.get(user=alice)
    Account.objects.create(user=alice, name="hers", day_started="2026-01-01")
    order_place(account=account, symbol="AAPL", side="buy", type="market", amount=Decimal(10))
    order = order_place(account=account, symbol="AAPL", side="buy", type="limit", amount=Decimal(10), price=Decimal(60))
    token, _ = token_create(user=alice, name="hers")
    return {"order": order.pk, "position": Position.objects.get().pk, "token": token.pk}


@pytest.mark.parametrize("path", [*PAGES, *OWN_PAGES, *ACTIONS])
def test_a_page_is_for_who_has_signed_in(client: Client, trader: Client, keys: dict[str, int], path: str) -> None:
    path = path.format(**keys)
    response = Client().get(path)
    assert (response.status_code, response["Location"]) == (302, f"/login/?next={path}")
    response = trader.get(path)
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("path", [*OWN_PAGES, *ACTIONS])
def test_what_is_another_traders_does_not_exist(stranger: Client, keys: dict[str, int], path: str) -> None:
    before = Order.objects.count()
    assert stranger.get(path.format(**keys)).status_code == 404
    if path in ACTIONS:
        assert stranger.post(path.format(**keys)).status_code == 404
    assert Order.objects.count() == before


@pytest.mark.parametrize("path", [*FORMS, *ACTIONS])
def test_a_form_needs_a_csrf_token_and_a_sign_in(alice: User, keys: dict[str, int], path: str) -> None:
    path = path.format(**keys)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    assert strict.post(path).status_code == 403
    assert Client().post(path)["Location"].startswith("/login/")
    answer = Client().post(path, HTTP_ACCEPT="application/json")
    assert (answer.status_code, answer.json()["code"]) == (401, "signed_out")


@pytest.mark.parametrize("path", ["/orders/", "/orders/preview/"])
def test_an_order_is_placed_by_post_only(trader: Client, path: str) -> None:
    assert trader.get(path).status_code == 405


@pytest.mark.parametrize("path", ["/history/orders/", "/history/fills/", "/history/orders.csv", "/summary/", "/"])
@pytest.mark.parametrize("found", ["\0", "\ud800".encode("utf-8", "surrogatepass"), "9" * 40])
def test_what_no_column_can_hold_is_a_wrong_choice(trader: Client, aapl: Instrument, path: str, found: str) -> None:
    query = dict.fromkeys(("account", "symbol", "side", "before", "since", "amount", "price", "leverage"), found)
    assert trader.get(path, query).status_code == 200
    assert trader.post("/orders/", query, HTTP_ACCEPT="application/json").json()["ok"] is False


def test_a_number_that_no_key_can_have_is_no_page(trader: Client) -> None:
    assert trader.get(f"/orders/{'9' * 40}/").status_code == 404
    assert trader.get(f"/positions/{'9' * 40}/close/").status_code == 404
