"""The admin's pages, at 360 and 1440 pixels, in both languages and themes: nothing is cut off, and without an error.

An error is whatever the browser reports as one, a breach of the security policy included. How Django's own admin treats
readers is Django's matter; on the pages that are the site's own, what axe-core finds serious or critical fails.
"""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import FakeSocket
from tests.browser.test_every_page import AXE, FINDINGS, LOCALES, SIZES, WCAG
from tests.consumers.test_admin import service as service  # a fixture
from tests.trading.pages.conftest import DOCUMENTS, TICKER
from tests.trading.rows import bulk_trades, make_user
from trading.models import Account, AuditEntry, Instrument, TradingFreeze, User

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OWN = ".push-service, .live-state, .user-actions, table.sockets"  # what the site adds to Django's pages
LISTS = ("user", "account", "instrument", "order", "fill", "position", "ledgerentry", "tradingfreeze", "auditentry")
LONG = "A reason as operators write them: the trader has asked for it by telephone, and was called back."


@pytest.fixture
def paths(alice: User, aapl: Instrument, service: None) -> list[str]:
    """The admin's pages, of which alice may see all, for a trader who is frozen."""
    User.objects.update(is_staff=True, is_superuser=True)
    bulk_trades(list(Account.objects.all()), aapl)
    bob = make_user(username="bob")
    freeze = TradingFreeze.objects.create(user=bob, reason=LONG, by=alice)
    entry = AuditEntry.objects.create(
        action="trading.freeze", actor_id=alice.pk, actor="alice", subject_id=bob.pk, subject="bob", reason=LONG,
        before={"frozen": "no"}, after={"frozen": LONG}, address="203.0.113.7", agent="Mozilla/5.0 " * 10,
    )  # fmt: skip
    rows = {"user": bob.pk, "instrument": aapl.pk, "tradingfreeze": freeze.pk, "auditentry": entry.pk}
    return [
        "/admin/", "/admin/pushers/pushprocess/", "/admin/consumers/opensocket/", f"/admin/trading/user/{bob.pk}/live/",
        *(f"/admin/trading/{model}/" for model in LISTS), "/admin/trading/tradingfreeze/add/",
        *(f"/admin/trading/{model}/{pk}/change/" for model, pk in rows.items()),
    ]  # fmt: skip


def look(page: Page, path: str) -> list[str]:
    """What is wrong with the page as it is, in either theme and size."""
    found: list[str] = []
    page.evaluate(AXE.read_text())
    for size in SIZES:
        page.set_viewport_size(size)  # type: ignore[arg-type]
        wide = page.evaluate("document.documentElement.scrollWidth")
        found += [f"{path}: {wide} px wide at {size['width']}"] if wide > size["width"] else []
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
            if page.locator(OWN).count():
                where = f"{path} {size['width']} {scheme}"
                # What it would load ahead are style sheets that others import, and the policy forbids how it does so.
                options = {"runOnly": {"type": "tag", "values": WCAG}, "resultTypes": [], "preload": False}
                findings = FINDINGS.replace("axe.run(document", f"axe.run({OWN!r}")
                found += [f"{where}: {text}" for text in page.evaluate(findings, options)]
    return found


@pytest.mark.parametrize("language", LOCALES)
def test_every_admin_page_is_whole_and_without_an_error(
    open_page: Callable[..., Page], socket: FakeSocket, alice: User, paths: list[str], language: str
) -> None:
    User.objects.update(language=language, number_format="point_comma", time_zone="Asia/Shanghai", rise_color="red")
    page = open_page("/preferences/")
    site, found = page.url.removesuffix("/preferences/"), list[str]()
    page.route_web_socket("**/ws/watch/*/", socket.connected)
    for path in paths:
        page.goto(site + path)
        expect(page.locator("html")).to_have_attribute("lang", language)
        if path.endswith("/live/"):
            expect(page.locator("[data-connection=open]")).to_be_visible()
            socket.snapshots(DOCUMENTS)
            socket.send({"type": "ticker", "ts": 2000, "tickers": {"AAPL": TICKER}})
            expect(page.locator("[data-panel=ticker] tbody tr td")).to_have_count(5)
        found += look(page, path)
    assert "\n".join(found) == ""


@pytest.mark.parametrize("language", LOCALES)
def test_the_question_for_a_reason_is_whole_and_without_an_error(
    open_page: Callable[..., Page], alice: User, paths: list[str], language: str
) -> None:
    User.objects.update(language=language)
    page = open_page(f"/admin/trading/user/{alice.pk}/change/")
    found: list[str] = []
    actions = [button.get_attribute("value") for button in page.locator(".user-actions button").all()]
    for action in actions:
        page.goto(page.url.split("/admin/")[0] + f"/admin/trading/user/{alice.pk}/change/")
        page.click(f"button[value={action}]")
        expect(page.locator("input[name=reason]")).to_be_visible()
        page.locator("input[type=submit]").click()
        expect(page.locator(".errornote")).to_be_visible()
        found += look(page, str(action))
    assert (len(actions) > 5, "\n".join(found)) == (True, "")


def test_a_table_of_the_push_service_stays_where_its_reader_is(
    open_page: Callable[..., Page], paths: list[str]
) -> None:
    page = open_page("/admin/pushers/pushprocess/", viewport=SIZES[1])
    page.locator(".push-service .results").nth(1).evaluate("(table) => { table.focus(); table.scrollLeft = 40; }")
    expect(page.locator("#service-freshness")).to_contain_text("read again every two seconds")
    table = page.locator(".push-service .results").nth(1)
    expect(table).to_be_focused()
    assert table.evaluate("(table) => table.scrollLeft") == 40
