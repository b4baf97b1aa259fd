"""Theme, colours, numbers and language in a real browser, and what they change on a page."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import FakeSocket
from tests.trading.pages.conftest import DOCUMENTS
from trading.models import Account, EquityPoint, User

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OpenPage = Callable[..., Page]
COLOR = "(element) => getComputedStyle(element).color"


def test_the_switch_changes_the_theme_at_once_and_for_good(open_page: OpenPage, alice: User) -> None:
    page = open_page("/accounts/", color_scheme="light")
    page.evaluate("document.addEventListener('themechange', ({ detail }) => { document.title = detail; })")
    with page.expect_response("**/preferences/theme/"):
        page.get_by_role("button", name="Dark theme").press("Enter")
    expect(page.locator("html[data-bs-theme=dark]")).to_have_count(1)
    expect(page).to_have_title("dark")
    expect(page.get_by_role("button", name="Light theme")).to_be_focused()
    page.reload()
    expect(page.locator("html[data-bs-theme=dark]")).to_have_count(1)
    alice.refresh_from_db()
    assert alice.theme == "dark"


def test_the_switch_works_without_a_script(open_page: OpenPage) -> None:
    page = open_page("/accounts/", java_script_enabled=False)
    page.get_by_role("button", name="Dark theme").click()
    expect(page.locator("html[data-bs-theme=dark]")).to_have_count(1)
    assert page.url.endswith("/accounts/")


def test_the_systems_theme_is_followed_while_the_page_is_open(open_page: OpenPage) -> None:
    page = open_page("/accounts/", color_scheme="light")
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html[data-bs-theme=dark]")).to_have_count(1)


def test_scripts_write_numbers_and_colours_as_chosen(open_page: OpenPage, socket: FakeSocket) -> None:
    User.objects.update(number_format="space_comma", rise_color="red", theme="light")
    page = open_page()
    socket.snapshots(DOCUMENTS)
    expect(page.locator("#accounts [data-field=total]").first).to_have_text("99\u202f987,65")
    side = page.locator("#positions [data-rows] [data-field=side]")
    expect(side).to_have_attribute("data-value", "long")
    assert side.evaluate(COLOR) == "rgb(176, 42, 55)"


def test_the_equity_curve_is_drawn_in_the_colours_of_the_theme(open_page: OpenPage, alice: User) -> None:
    account = Account.objects.get(user=alice)
    for minute, equity in enumerate((100_000, 100_500, 99_500)):
        at = account.created_at.replace(minute=minute, second=0, microsecond=0)
        EquityPoint.objects.create(account=account, interval="15m", at=at, equity=equity)
    page = open_page("/history/equity/", color_scheme="light")
    canvas = page.locator("#curve canvas").first
    corner = "(element) => [...element.getContext('2d').getImageData(0, 0, 1, 1).data].slice(0, 3)"
    light = "(element) => element.getContext('2d').getImageData(0, 0, 1, 1).data[0] > 200"
    expect(canvas).to_be_visible()
    page.wait_for_function(light, arg=canvas.element_handle())
    page.get_by_role("button", name="Dark theme").click()
    page.wait_for_function(light.replace("> 200", "< 60"), arg=canvas.element_handle())
    assert canvas.evaluate(corner) == [33, 37, 41]
    page.get_by_text("Exact values").click()
    expect(page.get_by_role("cell", name="100,500", exact=True)).to_be_visible()
