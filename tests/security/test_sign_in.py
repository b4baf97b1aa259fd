"""Guessing passwords and tokens, fixed sessions, and what the browser is told to keep to itself."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from tests.security.conftest import PASSWORD
from trading.models import User

ENTRANCES = ("/login/", "/admin/login/")


def sign_in(path: str, name: str, password: str, address: str = "192.0.2.1", **data: str) -> Any:
    """Try to sign in, in a fresh browser at an address."""
    return Client(REMOTE_ADDR=address).post(path, {"username": name, "password": password, **data})


@pytest.fixture
def admin(alice: User) -> User:
    """Alice, who may also enter the admin."""
    alice.is_staff = True
    alice.save()
    return alice


@pytest.mark.parametrize("path", ENTRANCES)
def test_who_guesses_is_locked_out_even_with_the_right_password(path: str, admin: User) -> None:
    answers = [sign_in(path, "alice", f"guess {number}").status_code for number in range(8)]
    assert answers == [200] * 4 + [429] * 4
    assert sign_in(path, "alice", PASSWORD).status_code == 429
    page = sign_in(path, "alice", PASSWORD).content.decode()
    assert "Too many attempts" in page
    assert PASSWORD not in page


def test_the_lock_holds_at_both_entrances(admin: User) -> None:
    for _ in range(5):
        sign_in("/login/", "alice", "guess")
    assert sign_in("/admin/login/", "alice", PASSWORD).status_code == 429


def test_the_lock_is_of_a_name_at_an_address(admin: User) -> None:
    """Else whoever knows her name could keep alice out, and one guesser his whole office."""
    User.objects.create_user("bob", password=PASSWORD)
    for _ in range(5):
        sign_in("/login/", "alice", "guess")
    assert sign_in("/login/", "alice", PASSWORD, address="192.0.2.2").status_code == 302
    assert sign_in("/login/", "bob", PASSWORD).status_code == 302


def test_an_address_that_the_client_invents_does_not_help(admin: User) -> None:
    for number in range(5):
        Client(REMOTE_ADDR="192.0.2.1", headers={"X-Forwarded-For": f"198.51.100.{number}"}).post(
            "/login/", {"username": "alice", "password": "guess"}
        )
    assert sign_in("/login/", "alice", PASSWORD).status_code == 429


def test_a_right_password_clears_the_count(admin: User) -> None:
    for _ in range(3):
        for _ in range(3):
            sign_in("/login/", "alice", "guess")
        assert sign_in("/login/", "alice", PASSWORD).status_code == 302


def test_an_unknown_name_is_answered_like_a_known_one(admin: User) -> None:
    known, unknown = (sign_in("/login/", name, "guess").content.decode() for name in ("alice", "nobody"))
    assert "Please enter a correct username and password" in known
    assert "Please enter a correct username and password" in unknown


def test_guessed_tokens_are_all_answered_alike(alice: User) -> None:
    answers = set()
    for number in range(30):
        answer = Client().get("/api/v1/user", headers={"Authorization": f"Token guess-{number}"})
        answers.add((answer.status_code, answer.json()["code"], answer.json()["detail"]))
    assert len(answers) == 1
    assert answers.pop()[:2] == (401, "invalid_token")


def test_signing_in_gives_a_new_session(alice: User) -> None:
    """A session that somebody planted in the browser before is worth nothing after."""
    browser = Client()
    browser.get("/login/")
    session = browser.session
    session["planted"] = "1"
    session.save()
    before = session.session_key
    browser.cookies["sessionid"] = before
    browser.post("/login/", {"username": "alice", "password": PASSWORD})
    assert browser.session.session_key != before
    stranger = Client()
    stranger.cookies["sessionid"] = before
    assert stranger.get("/").status_code == 302


def test_the_cookies_are_for_our_pages_alone(alice: User) -> None:
    browser = Client()
    browser.get("/login/")
    browser.post("/login/", {"username": "alice", "password": PASSWORD})
    session = browser.cookies["sessionid"]
    assert session["httponly"]
    assert session["samesite"] == browser.cookies["csrftoken"]["samesite"] == "Lax"


def test_the_headers_of_a_page_are_strict(alice: User) -> None:
    answer = Client().get("/login/")
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "camera=()" in answer["Permissions-Policy"]


def test_over_https_the_browser_is_told_to_stay_there(alice: User, settings: Settings) -> None:
    settings.SECURE_HSTS_SECONDS = 31_536_000
    assert "max-age=31536000" in Client().get("/login/", secure=True)["Strict-Transport-Security"]


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "https:evil.example", "/\\evil.example"]
)
@pytest.mark.parametrize("path", ENTRANCES)
def test_signing_in_leads_to_no_other_site(path: str, target: str, admin: User) -> None:
    answer = sign_in(path, "alice", PASSWORD, next=target)
    assert (answer.status_code, answer["Location"].startswith("/")) == (302, True)
    assert "evil" not in answer["Location"]
