"""What the README promises to another project, done to the letter: from `django-admin startproject` to a row pushed."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect, sync_playwright
from websockets.sync.client import ClientConnection, connect

from tradingsite.embedded_redis import free_port
from tradingsite.leash import die_with_parent

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
SECTION = README.partition("## Your own feed")[2].partition("\n## ")[0]
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", SECTION, re.DOTALL)
FILE = re.compile(r"(?:#|<!--) ([\w/]+\.\w+)(, at the end)?[^\n]*\n")  # the first line of a block that is a file
SECONDS = 30.0
ADMIN = {"username": "ann", "password": "parcels-by-the-dozen"}


def _commands() -> list[str]:
    return [line.partition("  # ")[0].strip() for name, text in BLOCKS if name == "sh" for line in text.splitlines()]


def _files() -> dict[str, tuple[bool, str]]:
    """Return path -> (whether it is appended, text) of the section's files."""
    found = [(FILE.match(text), text) for name, text in BLOCKS if name != "sh"]
    return {match[1]: (bool(match[2]), text) for match, text in found if match}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages as `pip install` of the checkout lays them, and nothing else of it."""
    checkout, target = tmp_path_factory.mktemp("checkout"), tmp_path_factory.mktemp("site-packages")
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, checkout)
    for name in ("pushers", "consumers", "trading", "tradingsite"):
        shutil.copytree(ROOT / name, checkout / name, ignore=shutil.ignore_patterns("__pycache__"))
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--target", target]
    subprocess.run([*pip, checkout], check=True, env=_environment(None))
    return target


@dataclass
class Shop:
    """The README's project, with its commands and its two processes."""

    folder: Path
    environment: dict[str, str]
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def run(self, command: str) -> None:
        done = subprocess.run(
            command, shell=True, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=SECONDS
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"

    def move(self, place: str) -> None:
        """Do what the section's last command does."""
        self.run(_commands()[-1].replace("Bergen", place))

    @contextmanager
    def running(self, command: str) -> Iterator[Path]:
        """Run one of the section's servers meanwhile; yield its log."""
        arguments = [sys.executable, *shlex.split(command)[1:]]
        log = self.folder / f"{arguments[2]}.log"
        with log.open("w") as output:
            process = subprocess.Popen(
                arguments,
                cwd=self.folder,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent(signal.SIGKILL),
            )
            try:
                yield log
            finally:
                process.terminate()
                process.wait(SECONDS)

    def session(self) -> str:
        """Sign in at the admin's form; return the session's cookie."""
        jar = CookieJar()
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        page = f"{self.url}/admin/login/"
        opener.open(page, timeout=SECONDS).close()
        token = next(cookie.value for cookie in jar if cookie.name == "csrftoken")
        form = urllib.parse.urlencode({**ADMIN, "csrfmiddlewaretoken": token, "next": "/admin/"})
        opener.open(page, form.encode(), timeout=SECONDS).close()
        return next(cookie.value or "" for cookie in jar if cookie.name == "sessionid")


@pytest.fixture(scope="module")
def shop(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The project that the README's blocks make of an empty folder, running."""
    shop = Shop(tmp_path_factory.mktemp("shop"), _environment(installed), free_port())
    pip, start, *commands, _ = _commands()
    assert pip == "pip install /path/to/this/checkout"
    shop.run(start)
    for path, (appended, text) in _files().items():
        (shop.folder / path).parent.mkdir(parents=True, exist_ok=True)
        text = text.replace("redis://127.0.0.1:6379/0", os.environ["REDIS_URL"])
        with (shop.folder / path).open("a" if appended else "w") as file:
            file.write(text)
    with ExitStack() as stack:
        for command in commands:
            if command.endswith("runserver"):
                stack.enter_context(shop.running(f"{command} {shop.port} --noreload"))
                _wait_for_answer(f"{shop.url}/static/parcels.html")
            elif command.endswith("runpushers"):
                log = stack.enter_context(shop.running(command))
                _wait_for_line(log, "Pushing for 64 of 64 shards")
            else:
                shop.run(command + " --no-input" * command.endswith("createsuperuser"))
        yield shop


def test_another_project_gets_the_two_packages_and_their_files(installed: Path) -> None:
    packages = {path.name for path in installed.iterdir() if (path / "__init__.py").exists()}
    assert packages == {"pushers", "consumers"}
    assert (installed / "consumers/static/consumers/feed_client.js").exists()
    assert (installed / "consumers/PROTOCOL.md").exists()
    assert (installed / "pushers/migrations/0001_initial.py").exists()
    assert (installed / "pushers/management/commands/runpushers.py").exists()


def test_another_project_gets_what_they_need(installed: Path) -> None:
    (information,) = installed.glob("*.dist-info")
    lines = Distribution.at(information).requires or []
    needed = {re.split(r"[<>=]", line)[0].lower() for line in lines if "extra ==" not in line}
    assert needed == {"django", "channels", "channels-redis", "daphne", "redis", "msgspec", "prometheus-client"}
    production = {re.split(r"[<>=]", line)[0] for line in lines if "extra ==" in line}
    assert production == {"hiredis", "uvicorn", "uvloop", "websockets"}


def test_the_readmes_feed_pushes_a_changed_row_to_its_owner(shop: Shop) -> None:
    headers = {"Cookie": f"sessionid={shop.session()}"}
    address = f"ws://127.0.0.1:{shop.port}/ws/"
    with connect(address, origin=shop.url, additional_headers=headers, open_timeout=SECONDS) as socket:
        socket.send(json.dumps({"type": "subscribe", "feeds": ["parcels"]}))
        assert _pushed(socket)["snapshot"] == {"1": {"place": "Oslo", "weight": "2.50"}}
        shop.move("Bergen")
        assert _pushed(socket)["patch"] == {"1": {"place": "Bergen"}}
        shop.move("Oslo")


@pytest.mark.browser
def test_the_readmes_page_shows_the_feed_and_asks_for_a_sign_in(shop: Shop, chromium_path: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.goto(f"{shop.url}/static/parcels.html")
        expect(page.locator("#parcels")).to_have_text('"sign in first"', timeout=10_000)
        page.context.add_cookies([{"name": "sessionid", "value": shop.session(), "url": shop.url}])
        page.reload()
        expect(page.locator("#parcels")).to_contain_text('"weight": "2.50"', timeout=10_000)
        browser.close()


def test_runpushers_speaks_in_a_project_without_a_word_on_logging(shop: Shop) -> None:
    log = (shop.folder / "runpushers.log").read_text()
    assert "The push service started as" in log
    assert "Feed parcels: every 5 s." in log
    assert "Pushing for 64 of 64 shards." in log


def test_the_project_passes_the_checks(shop: Shop) -> None:
    shop.run("python manage.py check --fail-level WARNING")
    shop.run("python manage.py makemigrations --check")


def test_the_feed_is_about_fifteen_lines() -> None:
    _, text = _files()["parcels/feeds.py"]
    assert len([line for line in text.splitlines() if line and not line.startswith("#")]) <= 15


def test_every_command_of_the_readme_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^make (\w+)", README, re.MULTILINE):
        assert f"\n{target}:" in makefile
    djangos = {"check", "migrate", "makemigrations", "createsuperuser", "shell", "startapp", "runserver"}
    for command in set(re.findall(r"manage\.py (\w+)", README)) - djangos:
        assert [*ROOT.glob(f"*/management/commands/{command}.py")], command


def _pushed(socket: ClientConnection) -> dict[str, Any]:
    """Return the next entry of the feed that is a document or a patch."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        frame = json.loads(socket.recv(timeout=SECONDS))
        entry = frame["feeds"]["parcels"] if frame["type"] == "push" else {}
        if "snapshot" in entry or "patch" in entry:
            return entry
    raise AssertionError("nothing was pushed")


def _wait_for_answer(url: str) -> None:
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            assert time.monotonic() < deadline, f"nothing answers at {url}"
            time.sleep(0.05)


def _wait_for_line(log: Path, text: str) -> None:
    deadline = time.monotonic() + SECONDS
    while text not in log.read_text():
        assert time.monotonic() < deadline, f"{text!r} did not come:\n{log.read_text()}"
        time.sleep(0.05)


def _environment(installed: Path | None) -> dict[str, str]:
    """The environment without anything of this site's, with the programs of this virtual environment."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "DATABASE_", "REDIS_"))
    }
    admin = {f"DJANGO_SUPERUSER_{name.upper()}": value for name, value in {**ADMIN, "email": "ann@example.com"}.items()}
    path = {"PATH": f"{Path(sys.executable).parent}:{kept.get('PATH', '')}", "PYTHONUNBUFFERED": "1"}
    return kept | path | admin | ({"PYTHONPATH": str(installed), "PYTHONSAFEPATH": ""} if installed else {})
