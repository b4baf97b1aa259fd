"""Every flow beside trading, at 360 and 1440 pixels, in both languages and both themes."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.browser.visit import LOCALES, Visit
from tests.browser.visit import visit as visit  # a fixture
from trading.models import Account, EquityPoint, User
from trading.services import order_place

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
AMOUNTS = {"buy": 10, "sell": 4}


@pytest.fixture
def traded(alice: User, visit: Visit) -> Account:
    """Her account, in which something was bought and some of it sold, with an equity curve."""
    account: Account = alice.accounts.get()
    for side, amount in AMOUNTS.items():
        order_place(account=account, symbol="AAPL", side=side, type="market", amount=Decimal(amount))
    start = timezone.now() - timedelta(hours=1)
    for minute, equity in enumerate((100_000, 100_250, 99_900)):
        EquityPoint.objects.create(
            account=account, interval="15m", at=start + timedelta(minutes=15 * minute), equity=equity
        )
    return account


def test_a_wrong_password_is_refused_in_words_and_the_right_one_signs_in(visit: Visit) -> None:
    page = visit.open(signed_in=False)
    expect(page.get_by_role("heading", name=visit.words("Sign in"))).to_be_visible()
    visit.field("Username").fill("alice")
    visit.field("Password").fill("wrong")
    visit.press("Sign in")
    refusal = "Please enter a correct %(username)s and password. Note that both fields may be case-sensitive."
    expect(page.get_by_role("alert")).to_have_text(visit.words(refusal, username=visit.words("username")))
    visit.look("sign-in-refused")
    visit.field("Password").fill("paper-trading")
    visit.press("Sign in")
    expect(page.get_by_role("link", name=visit.words("Dashboard"))).to_have_attribute("aria-current", "page")
    visit.look("signed-in")
    visit.press("Sign out")
    expect(page.get_by_role("heading", name=visit.words("Sign in"))).to_be_visible()


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous")  # the live server is none of ASGI
def test_the_history_is_filtered_and_downloaded(visit: Visit, traded: Account) -> None:
    page = visit.open("/accounts/")
    visit.follow(visit.link("History"))
    rows = page.locator("main tbody tr")
    expect(rows).to_have_count(2)
    visit.follow(visit.link("Fills"))
    visit.field("Side").select_option(visit.words("Sell"))
    visit.field("From").fill("2020-01-01")
    visit.press("Show")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text(visit.words("Sell"))
    visit.look("fills")
    with page.expect_download() as download:
        visit.link("Download CSV").click()
    head, fill = Path(download.value.path()).read_text().splitlines()
    assert ("symbol" in head, fill.count("AAPL"), fill.count("sell")) == (True, 1, 1)
    visit.field("From").fill("2020-01-02")
    visit.field("To").fill("2020-01-01")
    visit.press("Show")
    expect(page.get_by_text(visit.words("The first day must not be after the last one."))).to_be_visible()
    expect(page.get_by_text(visit.words("Nothing is shown: the filter is wrong."))).to_be_visible()
    visit.look("filter-wrong")
    visit.follow(visit.link("Clear"))
    expect(rows).to_have_count(2)


def test_the_equity_is_drawn_and_the_days_are_added_up(visit: Visit, traded: Account) -> None:
    page = visit.open("/history/orders/")
    visit.follow(visit.link("Equity"))
    expect(page.locator("#curve canvas").first).to_be_visible()
    expect(page.get_by_role("heading", name=visit.words("Equity of %(name)s", name="paper"))).to_be_visible()
    page.get_by_text(visit.words("Exact values"), exact=True).click()
    expect(page.get_by_role("cell", name="100,250", exact=True)).to_be_visible()
    visit.look("equity")
    visit.follow(visit.link("Calendar"))
    today = page.locator(".day[aria-current=date]")
    expect(today).to_contain_text(visit.counted("%(trades)s trade", "%(trades)s trades", 1, "trades"))
    visit.look("calendar")
    visit.follow(today.get_by_role("link"))
    expect(page.locator("main tbody tr")).to_have_count(2)
    visit.follow(visit.link("Summary"))
    expect(page.get_by_role("row", name=visit.words("Today"))).to_contain_text("1")
    visit.look("summary")


def test_theme_language_numbers_and_time_zone_are_chosen(visit: Visit) -> None:
    page = visit.open("/accounts/")
    other = "Light theme" if visit.way.scheme == "dark" else "Dark theme"
    with page.expect_response("**/preferences/theme/"):
        visit.press(other)
    expect(page.locator(f"html[data-bs-theme={visit.way.scheme}]")).to_have_count(0)
    visit.look("other-theme")
    visit.follow(visit.link("Preferences"))
    expect(page.locator(f"html[data-bs-theme={visit.way.scheme}]")).to_have_count(0)
    visit.field("As the system").check()
    visit.field("Red rises, green falls").check()
    [language] = LOCALES.keys() - {visit.way.language}
    page.locator(f"input[name=language][value={language}]").check()
    page.get_by_label("1.234,56").check()
    visit.field("Time zone").select_option("Asia/Shanghai")
    visit.look("preferences")
    visit.press("Save")
    visit.way = replace(visit.way, language=language)
    expect(page.get_by_role("status")).to_have_text(visit.words("Your preferences are saved."))
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator(f"html[data-bs-theme={visit.way.scheme}]")).to_have_count(1)
    visit.look("saved")
    visit.follow(visit.link("Accounts"))
    expect(page.get_by_role("cell", name="100.000,00").first).to_be_visible()
    expect(page.get_by_text(visit.words("Times are in %(zone)s.", zone="Asia/Shanghai"))).to_be_visible()


def test_a_token_is_made_shown_once_and_revoked(visit: Visit) -> None:
    page = visit.open("/tokens/")
    visit.field("Name").fill("A program with a long name")
    visit.field("Trade: place, amend and cancel orders").check()
    visit.press("Make a token")
    expect(page.locator("#secret")).to_contain_text("trade_")
    visit.look("token")
    visit.follow(visit.link("Tokens"))
    expect(page.get_by_role("row", name="A program")).to_contain_text(visit.words("Active"))
    expect(page.locator("#secret")).to_have_count(0)
    visit.link("Revoke").click()
    name = {"name": "A program with a long name"}
    expect(visit.dialog).to_contain_text(visit.words("Revoke the token %(name)s?", **name))
    visit.look("revoke")
    visit.press("Revoke the token")
    expect(page.get_by_role("status")).to_have_text(visit.words("The token %(name)s is revoked.", **name))
    expect(page.get_by_role("row", name="A program")).to_contain_text(visit.words("Revoked"))
    visit.look("revoked")


def test_an_account_starts_anew_once_its_name_is_typed(visit: Visit, traded: Account) -> None:
    page = visit.open("/accounts/")
    visit.follow(page.get_by_role("link", name="paper", exact=True))
    visit.look("account")
    visit.link("Reset the account").click()
    expect(visit.dialog).to_contain_text(visit.words("Reset the account %(name)s?", name="paper"))
    visit.look("reset")
    visit.field("Type the account's name", visit.dialog).fill("papier")
    visit.press("Reset the account")
    found = visit.words("Expected %(expected)s; found %(found)s.", expected="paper", found="papier")
    expect(page.get_by_text(found)).to_be_visible()
    visit.look("reset-refused")
    visit.field("Type the account's name").fill("paper")
    visit.field("New deposit").fill("50000")
    visit.press("Reset the account")
    expect(page.get_by_role("status")).to_have_text(visit.words("The account %(name)s starts anew.", name="paper"))
    expect(page.get_by_text("50,000.00").first).to_be_visible()
    visit.look("account-anew")
