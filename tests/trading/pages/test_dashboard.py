"""The dashboard as the server renders it."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from pushers import FeedStale
from tests.trading.pages.conftest import EMPTY
from trading.models import Instrument, Quote, User


def page(client: Client, user: User) -> str:
    client.force_login(user)
    response = client.get("/")
    assert response.status_code == 200
    return response.content.decode()


def panel(html: str, noun: str) -> str:
    """The panel without the template of its rows."""
    [found] = re.findall(rf'<section class="panel card" id="{noun}".*?</section>', html, re.DOTALL)
    return re.sub(r"<template.*?</template>", "", found, flags=re.DOTALL)


def test_it_asks_to_sign_in(client: Client, db: None) -> None:
    response = client.get("/")
    assert (response.status_code, response["Location"]) == (302, "/login/?next=/")


@pytest.mark.parametrize(
    ("noun", "texts"),
    [
        (
            "accounts",
            [
                ">100,002.15<",
                'title="100002.15432101"',
                ">98,787.15<",
                ">1,200.50<",
                ">99,987.65<",
                ">+2.15<",
                ">1.20%<",
                'value="1.2"',
            ],
        ),
        ("positions", [">AAPL<", ">Long<", ">1</span>x<", ">Return<", ">60.05<", ">61.50<", ">+14.50<", ">+2.41%<"]),
        ("orders", [">Buy<", ">Limit<", ">60.00<", 'href="/orders/318/cancel/"', "2026-01-01 00:00:00"]),
        ("pnl", [">+14.50<", ">\N{MINUS SIGN}12.35<", ">0.30<"]),
        ("fills", [">Sell<", ">1,000<", ">30.02<"]),
        (
            "tickers",
            [">61.50<", ">61.49<", ">61.51<", ">\N{MINUS SIGN}1.20%<", 'href="?symbol=AAPL" aria-current="true"'],
        ),
        ("chart", [">AAPL<", ">Apple<", ">61.50<", ">\N{MINUS SIGN}1.20%<", "The chart needs JavaScript."]),
    ],
)
def test_a_panel_shows_the_current_document(
    client: Client, alice: User, aapl: Instrument, documents: Any, noun: str, texts: list[str]
) -> None:
    shown = panel(page(client, alice), noun)
    assert [text for text in texts if text not in shown] == []
    assert "data-stale>" not in shown.splitlines()[0]


@pytest.mark.parametrize(
    ("noun", "text"),
    [
        ("positions", "No open positions."),
        ("orders", "No open orders."),
        ("fills", "No fills yet."),
        ("accounts", "You have no account yet."),
    ],
)
def test_an_empty_panel_says_so(client: Client, alice: User, documents: Any, noun: str, text: str) -> None:
    documents.update(EMPTY)
    assert f'<p class="empty" data-empty>{text}</p>' in panel(page(client, alice), noun)


def test_a_stale_feed_is_marked_with_its_reason_and_not_called_empty(
    client: Client, alice: User, documents: Any
) -> None:
    documents["pnl"] = FeedStale("market_stale")
    html = page(client, alice)
    shown = panel(html, "pnl")
    assert "the market has sent no new prices" in shown
    assert '<p class="empty" data-unknown>' in shown
    assert '<p class="empty" data-empty hidden>' in shown
    assert " data-stale " in panel(html, "positions").splitlines()[0]
    assert " data-stale " not in panel(html, "orders").splitlines()[0]


def test_it_names_the_source_and_the_date_of_the_replay(
    client: Client, alice: User, aapl: Instrument, documents: Any
) -> None:
    html = page(client, alice)
    assert "Replay of real daily prices" in html
    assert "2008-10-06 15:30" in html
    assert "Quandl WIKI Prices" in html


def test_it_says_when_prices_are_made_up(client: Client, alice: User, aapl: Instrument, documents: Any) -> None:
    Quote.objects.update(source="random-walk")
    html = page(client, alice)
    assert "Simulated prices (random walk)" in html
    assert "Quandl" not in html


def test_old_quotes_are_stale(client: Client, alice: User, aapl: Instrument, documents: Any) -> None:
    Quote.objects.update(updated_at=timezone.now() - timedelta(seconds=11))
    assert " data-stale " in panel(page(client, alice), "tickers").splitlines()[0]


def test_it_renders_without_any_market(client: Client, alice: User, documents: Any) -> None:
    assert "No market is running yet" in page(client, alice)


def test_times_are_in_the_traders_zone(client: Client, alice: User, documents: Any) -> None:
    User.objects.update(time_zone="America/New_York")
    html = page(client, alice)
    assert "2025-12-31 19:00:00" in panel(html, "orders")
    assert 'data-zone="America/New_York"' in html
    assert "Times are in America/New_York, the market time is in UTC." in html


def test_only_own_accounts_can_be_traded_from(client: Client, alice: User, documents: Any) -> None:
    bob = User.objects.create_user("bob")
    bob.accounts.create(name="bobs", day_started=timezone.now().date())
    html = page(client, alice)
    assert '<option value="paper">' in html
    assert "bobs" not in html


def test_it_has_no_inline_script_style_or_handler_and_no_foreign_address(
    client: Client, alice: User, aapl: Instrument, documents: Any
) -> None:
    notice = '<a href="https://www.tradingview.com/" rel="noopener noreferrer">'  # a link, which loads nothing
    dashboard = page(client, alice)
    assert notice in dashboard
    for html in (dashboard.replace(notice, ""), Client().get("/login/").content.decode()):
        assert re.findall(r"<script(?![^>]*\ssrc=)", html) == []
        assert re.findall(r"<style|\sstyle=|\son[a-z]+=|javascript:|https?://|=\"//", html) == []


def test_it_is_not_kept_by_caches(client: Client, alice: User, documents: Any) -> None:
    client.force_login(alice)
    assert "no-store" in client.get("/")["Cache-Control"]


def test_the_chart_begins_with_the_symbol_of_the_address(
    client: Client, alice: User, aapl: Instrument, documents: Any
) -> None:
    Instrument.objects.create(
        symbol="BTC/USDT", name="Bitcoin", tick_size=1, step_size=1, minimum_notional=0, maker_fee_rate=0,
        taker_fee_rate=0,
    )  # fmt: skip
    client.force_login(alice)
    for asked, shown in (("BTC/USDT", "BTC/USDT"), ("NONE", "AAPL"), ("", "AAPL")):
        html = client.get("/", {"symbol": asked}).content.decode()
        assert f'data-symbol="{shown}"' in panel(html, "chart")


def test_the_chart_of_a_site_without_instruments_says_so(client: Client, alice: User, documents: Any) -> None:
    assert 'data-symbol=""' in panel(page(client, alice), "chart")
