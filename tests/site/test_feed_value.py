"""`<feed-value>` on a page of a project that knows nothing of trading, in Chromium."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, WebSocket, expect

from tests.browser.conftest import browser as browser  # a fixture
from tests.browser.page_errors import errors as errors  # a fixture
from tests.browser.page_errors import watch
from tests.site.web_process import ForeignSite, foreign_site
from tradingsite.embedded_redis import embedded_redis, free_port, wait_for_redis

pytestmark = [pytest.mark.browser, pytest.mark.site]
PATIENCE = 30_000  # ms
ADD = """
from django.contrib.auth import get_user_model
from tests.foreign.parcels.models import Parcel
owner, _ = get_user_model().objects.get_or_create(username="pat")
print(Parcel.objects.create(owner=owner, destination="Oslo").pk)
"""
CHANGE = "from tests.foreign.parcels.models import Parcel; Parcel.objects.update(status={!r})"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForeignSite]:
    """The foreign project with its web server, its pushers, and a parcel of pat's."""
    folder, port = tmp_path_factory.mktemp("foreign"), free_port()
    redis_url = f"redis://127.0.0.1:{port}/0"
    with embedded_redis(port=port, log=folder / "redis.log"):
        wait_for_redis(redis_url)
        with foreign_site(Path(folder), redis_url) as site:
            site.python(ADD)
            site.start_web()
            yield site


@pytest.fixture
def page(browser: Browser, site: ForeignSite, errors: list[str]) -> Iterator[Page]:
    """Pat's browser."""
    context = browser.new_context()
    watch(context, errors)
    context.set_default_timeout(PATIENCE)
    url = f"http://127.0.0.1:{site.port}/"
    context.add_cookies([{"name": "sessionid", "value": site.sign_in("pat"), "url": url}])
    page = context.new_page()
    yield page
    context.close()


def test_it_is_loading_then_live_then_stale_and_comes_back(page: Page, site: ForeignSite) -> None:
    sockets: list[WebSocket] = []
    page.on("websocket", lambda socket: sockets.append(socket))
    site.python(CHANGE.format("packed"))
    page.goto(f"http://127.0.0.1:{site.port}/")
    status = page.locator("feed-value[path$=status]")
    expect(status).to_contain_text("packed")  # as the server rendered it: no pusher runs yet
    expect(status).to_have_attribute("stale", "pusher_down", timeout=PATIENCE)
    expect(status).to_have_text("packed (as it was last heard of)")
    site.start_pushers(1)
    expect(status).not_to_have_attribute("stale", "pusher_down", timeout=PATIENCE)
    site.python(CHANGE.format("on its way"))
    expect(status).to_have_text("on its way", timeout=PATIENCE)
    assert site.pushers is not None
    site.pushers.process.send_signal(signal.SIGSTOP)
    expect(status).to_have_attribute("stale", "pusher_down", timeout=PATIENCE)
    expect(status).to_have_text("on its way (as it was last heard of)")
    site.pushers.process.send_signal(signal.SIGCONT)
    expect(status).not_to_have_attribute("stale", "pusher_down", timeout=PATIENCE)
    assert len(sockets) == 1  # both values came by it
