"""Signing in and out."""

from typing import Any

from django.test import Client

from trading.models import User


def test_signing_in_leads_to_the_dashboard(client: Client, alice: User, documents: Any) -> None:
    assert "Sign in" in client.get("/login/").content.decode()
    response = client.post("/login/", {"username": "alice", "password": "paper-trading"}, follow=True)
    assert response.redirect_chain == [("/", 302)]


def test_a_wrong_password_is_said_and_the_name_is_kept(client: Client, alice: User) -> None:
    html = client.post("/login/", {"username": "alice", "password": "wrong"}).content.decode()
    assert "Please enter a correct username and password" in html
    assert 'value="alice"' in html


def test_signing_in_does_not_lead_to_another_site(client: Client, alice: User) -> None:
    data = {"username": "alice", "password": "paper-trading", "next": "https://example.com/"}
    assert client.post("/login/", data)["Location"] == "/"


def test_signing_out_takes_a_post(client: Client, alice: User) -> None:
    client.force_login(alice)
    assert client.get("/logout/").status_code == 405
    assert client.post("/logout/")["Location"] == "/login/"
    assert client.get("/").status_code == 302
