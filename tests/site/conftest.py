from collections.abc import Generator, Iterator
from typing import Any

import pytest

from tests.site.running_site import RunningSite, running_site


@pytest.fixture(scope="session")
def whole_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
    with running_site(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture
def site(whole_site: RunningSite) -> Iterator[RunningSite]:
    """The running site; what a test starts beyond the web server is stopped after it."""
    whole_site.ensure_web()
    before = list(whole_site.processes)
    yield whole_site
    for process in whole_site.processes:
        if process not in before and process.name != "web":
            process.stop()


@pytest.fixture(scope="session")
def alice(whole_site: RunningSite) -> str:
    """An API token of the demo trader alice."""
    return whole_site.command("apitoken", "alice")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """Show what the processes said where a test failed."""
    report = yield
    site = getattr(item, "funcargs", {}).get("site")
    if report.failed and isinstance(site, RunningSite):
        report.sections.append(("processes", site.logs()))
    return report
