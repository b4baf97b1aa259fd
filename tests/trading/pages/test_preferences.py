"""How a trader wants to see the site, and that it looks so."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation

from tests.trading.pages.conftest import JSON
from trading.models import User
from trading.models.user import Language

CHOICES = {
    "language": "zh-hans",
    "theme": "dark",
    "rise_color": "red",
    "number_format": "point_comma",
    "time_zone": "Asia/Shanghai",
}
CHINESE = {"HTTP_ACCEPT_LANGUAGE": "zh-CN,zh;q=0.9"}


def root(page: Any) -> str:
    """The page's root element."""
    text: str = page.content.decode()
    return text[text.index("<html") : text.index(">", text.index("<html"))]


def test_all_of_it_is_kept_and_shown(trader: Client, alice: User) -> None:
    answer = trader.post("/preferences/", CHOICES, follow=True)
    assert answer.redirect_chain == [("/preferences/", 302)]
    alice.refresh_from_db()
    assert {name: getattr(alice, name) for name in CHOICES} == CHOICES
    for name in ('lang="zh-hans"', 'data-bs-theme="dark"', 'data-theme="dark"', 'data-rise="red"'):
        assert name in root(answer)
    page = trader.get("/accounts/").content.decode()
    assert ">100.000,00<" in page
    assert "Asia/Shanghai" in page


@pytest.mark.parametrize("name", ["theme", "rise_color", "number_format", "time_zone", "language"])
def test_a_choice_that_there_is_not_is_refused(trader: Client, alice: User, name: str) -> None:
    page = trader.post("/preferences/", {**CHOICES, name: "mars"})
    assert "mars" in str(page.context["form"].errors[name])
    alice.refresh_from_db()
    assert (alice.theme, alice.time_zone) == ("system", "UTC")


def test_saving_them_leaves_the_rest_of_the_user_alone(trader: Client, alice: User) -> None:
    trader.get("/preferences/")
    User.objects.update(email="alice@example.org")
    trader.post("/preferences/", CHOICES)
    alice.refresh_from_db()
    assert alice.email == "alice@example.org"


def test_the_switch_keeps_the_theme_and_leads_back(trader: Client, alice: User) -> None:
    answer = trader.post(
        "/preferences/theme/", {"theme": "dark"}, HTTP_REFERER="http://testserver/summary/?period=week"
    )
    assert answer.headers["Location"] == "http://testserver/summary/?period=week"
    alice.refresh_from_db()
    assert alice.theme == "dark"
    assert trader.post("/preferences/theme/", {"theme": "dark"}, HTTP_REFERER="http://evil/").headers["Location"] == "/"


def test_the_script_hears_whether_the_theme_is_kept(trader: Client) -> None:
    assert trader.post("/preferences/theme/", {"theme": "light"}, **JSON).json() == {"ok": True}
    assert trader.post("/preferences/theme/", {"theme": "pink"}, **JSON).status_code == 400


def test_who_is_signed_out_has_the_browsers_language_and_the_systems_theme(client: Client, db: None) -> None:
    page = client.get("/login/", **CHINESE)
    assert 'lang="zh-hans"' in root(page)
    assert 'data-theme="system"' in root(page)


def test_a_chosen_language_goes_before_the_browsers(trader: Client, alice: User) -> None:
    assert 'lang="zh-hans"' in root(trader.get("/preferences/", **CHINESE))
    User.objects.update(language="en")
    answer = trader.get("/preferences/", **CHINESE)
    assert 'lang="en"' in root(answer)
    assert answer.headers["Content-Language"] == "en"


@pytest.mark.parametrize("chosen", ["", "zh-hans"])
def test_what_the_thread_does_next_is_not_in_the_language_of_who_was_here_last(
    trader: Client, alice: User, chosen: str
) -> None:
    User.objects.update(language=chosen)
    assert trader.get("/preferences/", **CHINESE).headers["Content-Language"] == "zh-hans"
    assert translation.get_language() == settings.LANGUAGE_CODE


def test_the_languages_are_those_of_the_site() -> None:
    assert Language.choices == settings.LANGUAGES
