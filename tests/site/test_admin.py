"""The admin on the running site, in Chromium: what each group can do and can't, and a live state that ends in time."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import browser as browser  # a fixture
from tests.browser.page_errors import errors as errors  # a fixture
from tests.browser.page_errors import watch
from tests.site.running_site import RunningSite

pytestmark = [pytest.mark.browser, pytest.mark.site]
PATIENCE = 30_000  # ms
PASSWORD = "correct-horse-battery"
BUTTONS = {"deactivate", "sign_out", "disconnect", "freeze", "adjust", "reset", "revoke_tokens"}


@pytest.fixture
def member_of(browser: Browser, site: RunningSite, errors: list[str]) -> Iterator[Callable[[str], Page]]:
    """Sign a new member of a group in to the admin; nothing may go wrong in his pages' scripts."""
    contexts: list[BrowserContext] = []

    def sign_in(group: str) -> Page:
        username = f"{group}-member"
        site.python(
            "from django.contrib.auth.models import Group; from trading.models import User;"
            f"user, made = User.objects.get_or_create(username={username!r}, is_staff=True);"
            f"user.set_password({PASSWORD!r}); user.save(); user.groups.set(Group.objects.filter(name={group!r}))"
        )
        context = browser.new_context()
        watch(context, errors)
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{site.url}/admin/login/?next=/admin/trading/user/")
        page.fill("input[name=username]", username)
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")
        expect(page.locator("#result_list")).to_be_visible(timeout=PATIENCE)
        return page

    yield sign_in
    for context in contexts:
        context.close()


def open_user(page: Page, site: RunningSite, username: str) -> None:
    """Go from the list to a user's page."""
    page.goto(f"{site.url}/admin/trading/user/?q={username}")
    page.locator("#result_list th a", has_text=username).first.click()
    expect(page.locator("#user_form")).to_be_visible(timeout=PATIENCE)


def offered(page: Page) -> set[str]:
    """The actions that a user's page offers."""
    return {button.get_attribute("value") or "" for button in page.locator(".user-actions button").all()}


def counts(site: RunningSite, username: str) -> str:
    """What actions would change of a user, as text."""
    return site.python(
        "from trading.models import *;"
        f"user = User.objects.get(username={username!r});"
        "print(user.is_active, user.session_round, user.freezes.count(),"
        " AccountReset.objects.filter(account__user=user).count(),"
        " LedgerEntry.objects.filter(account__user=user, kind='adjustment').count(),"
        " AuditEntry.objects.filter(subject_id=user.pk).count())"
    )


def test_an_operator_freezes_a_trader_and_frees_him(member_of, site):
    page = member_of("operator")
    open_user(page, site, "carol")
    assert offered(page) == BUTTONS
    assert page.locator("input[name=_save]").count() == 0
    page.click("button[value=freeze]")
    page.click("input[type=submit]")
    expect(page.locator(".errorlist")).to_contain_text("required")
    page.fill("input[name=reason]", "a complaint")
    page.click("input[type=submit]")
    expect(page.locator(".messagelist")).to_contain_text("Freeze trading: done for carol")
    expect(page.locator(".field-freeze_text")).to_contain_text("operator-member: a complaint")
    assert "unfreeze" in offered(page)
    page.click("button[value=unfreeze]")
    page.fill("input[name=reason]", "settled")
    page.click("input[type=submit]")
    expect(page.locator(".field-freeze_text")).to_contain_text("no")
    page.goto(f"{site.url}/admin/trading/auditentry/?q=carol")
    expect(page.locator("#result_list")).to_contain_text("settled")


@pytest.mark.parametrize("group", ["support", "auditor"])
def test_who_only_looks_has_no_buttons_and_a_posted_action_is_refused(member_of, site, group):
    page = member_of(group)
    open_user(page, site, "bob")
    assert offered(page) == set()
    assert page.locator("input[name=_save]").count() == 0
    before, key = counts(site, "bob"), page.url.split("/")[-3]
    token = next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "csrftoken")
    for action in sorted(BUTTONS):
        form = {
            "action": action, "apply": "yes", "reason": "because I can", "_selected_action": key,
            "account": "paper", "amount": "5", "deposit": "5", "csrfmiddlewaretoken": token,
        }  # fmt: skip
        answer = page.request.post(f"{site.url}/admin/trading/user/", form=form, headers={"Referer": page.url})
        assert answer.status in (200, 403)
    assert counts(site, "bob") == before
    assert page.request.get(f"{site.url}/admin/trading/user/add/").status == 403
    watched = page.request.get(f"{site.url}/admin/trading/user/{key}/live/").status
    assert watched == (200 if group == "support" else 403)


def test_a_watcher_sees_the_trader_until_he_may_no_longer(member_of, site):
    site.start_pushers(1)
    page = member_of("support")
    open_user(page, site, "alice")
    page.click("text=Live state")
    expect(page.locator("[data-connection]")).to_have_attribute("data-connection", "open", timeout=PATIENCE)
    accounts = page.locator("[data-panel='balance pnl'] tbody")
    expect(accounts).to_contain_text("paper", timeout=PATIENCE)
    expect(page.locator("[data-panel=ticker] tbody")).to_contain_text("AAPL", timeout=PATIENCE)
    assert page.locator("#content-main form, #content-main button").count() == 0
    site.python(
        "from django.contrib.auth.models import Group; from trading.models import User;"
        "User.objects.get(username='support-member').groups.clear()"
    )
    expect(page.locator("[data-connection]")).to_contain_text("may not watch", timeout=2 * PATIENCE)
    expect(accounts).to_be_empty()
    noted = site.python(
        "from trading.models import AuditEntry;"
        "print(AuditEntry.objects.filter(action='user.watch', actor='support-member', subject='alice').exists())"
    )
    assert noted == "True"


def test_the_push_service_is_shown_live(member_of, site):
    site.start_pushers(1)
    page = member_of("operator")
    page.goto(f"{site.url}/admin/pushers/pushprocess/")
    expect(page.locator("#service-freshness")).to_contain_text("Live", timeout=PATIENCE)
    expect(page.locator("#service-state")).to_contain_text("64 shards", timeout=PATIENCE)
    expect(page.locator("#service-state")).to_contain_text("positions", timeout=PATIENCE)
    site.stop("pushers")
    expect(page.locator("#service-state")).to_contain_text("No push process is running", timeout=PATIENCE)
