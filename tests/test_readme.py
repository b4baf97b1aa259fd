"""What the README promises to another project, done: install two packages, add a feed, see its rows pushed."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)

SETTINGS = """
SECRET_KEY = "not-secret"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "parcels"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "shop.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
ASGI_APPLICATION = "asgi.application"
"""
MODELS = """
from django.conf import settings
from django.db import models


class Parcel(models.Model):
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    place = models.CharField(max_length=50)
    weight = models.DecimalField(max_digits=6, decimal_places=2)
"""
ASGI = """
import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
get_asgi_application()

from channels.routing import ProtocolTypeRouter
from consumers.routing import websocket_application

"""
# The shop's day: a parcel moves, and its owner's socket hears of it.
DAY = """
import asyncio
import json
import os
import sys

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
from asgi import application
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.contrib.auth import get_user_model
from django.core.management import call_command

call_command("makemigrations", "parcels", verbosity=0)
call_command("migrate", verbosity=0)
call_command("check", fail_level="WARNING")

from consumers.routing import websocket_urlpatterns
from channels.routing import URLRouter
from parcels.models import Parcel
from pushers import nudge
from pushers.engine import Engine, Selection
from pushers.lease import Lease
from pushers.runner import Runner

assert set(application.application_mapping) == {"http", "websocket"}
ann = get_user_model().objects.create_user("ann")
parcel = Parcel.objects.create(owner=ann, place="Oslo", weight="2.50")


async def frame(socket, kind):
    while (found := json.loads(await socket.receive_from(timeout=10)))["type"] != kind:
        pass
    return found


def move():
    Parcel.objects.update(place="Bergen")
    nudge([ann.pk])


async def main():
    runner = Runner(Engine(Selection.of(), Lease(0, 4.0)))
    running = asyncio.create_task(runner.run())
    socket = WebsocketCommunicator(URLRouter(websocket_urlpatterns), "/ws/")
    socket.scope["user"] = ann
    await socket.connect()
    await socket.send_json_to({"type": "subscribe", "feeds": ["parcels"]})
    push = (await frame(socket, "push"))["feeds"]["parcels"]
    assert push["snapshot"] == {str(parcel.pk): {"place": "Oslo", "weight": "2.50"}}, push
    await sync_to_async(move)()
    push = (await frame(socket, "push"))["feeds"]["parcels"]
    document = push.get("snapshot") or push["patch"]
    assert document[str(parcel.pk)]["place"] == "Bergen", push
    await socket.disconnect()
    runner.stop.set()
    await running


asyncio.run(main())
assert "trading" not in sys.modules and "tradingsite" not in sys.modules
print("pushed")
"""


def _block(language: str, marker: str) -> str:
    found = [text for name, text in BLOCKS if name == language and marker in text]
    assert len(found) == 1, f"the README has {len(found)} {language} blocks with {marker!r}; expected 1"
    return found[0]


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


def test_another_project_gets_the_two_packages_and_their_files(installed: Path) -> None:
    packages = {path.name for path in installed.iterdir() if (path / "__init__.py").exists()}
    assert packages == {"pushers", "consumers"}
    assert (installed / "consumers/static/consumers/feed_client.js").exists()
    assert (installed / "consumers/PROTOCOL.md").exists()
    assert (installed / "pushers/migrations/0001_initial.py").exists()
    assert (installed / "pushers/management/commands/runpushers.py").exists()


def test_the_readmes_feed_pushes_in_another_project(installed: Path, tmp_path: Path, redis_url: str) -> None:
    settings = _block("python", "INSTALLED_APPS").replace("redis://127.0.0.1:6379/0", redis_url)
    app = tmp_path / "parcels"
    (app / "migrations").mkdir(parents=True)
    for path, text in {
        tmp_path / "settings.py": SETTINGS + settings,
        tmp_path / "asgi.py": ASGI + _block("python", "ProtocolTypeRouter"),
        tmp_path / "day.py": DAY,
        app / "__init__.py": "",
        app / "migrations/__init__.py": "",
        app / "models.py": MODELS,
        app / "feeds.py": _block("python", "class Parcels(Feed)"),
    }.items():
        path.write_text(text)
    day = subprocess.run(
        [sys.executable, "day.py"],
        cwd=tmp_path,
        env=_environment(installed),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert day.stdout.rstrip().endswith("pushed"), day.stdout + day.stderr


def test_the_feed_is_about_fifteen_lines() -> None:
    lines = [line for line in _block("python", "class Parcels(Feed)").splitlines() if line and not line.startswith("#")]
    assert len(lines) <= 15


def test_every_command_of_the_readme_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^make (\w+)", _block("sh", "make demo"), re.MULTILINE):
        assert f"\n{target}:" in makefile
    for command in re.findall(r"manage\.py (\w+)", README):
        known = [*ROOT.glob(f"*/management/commands/{command}.py"), *([1] if command == "migrate" else [])]
        assert known, command


def _environment(installed: Path | None) -> dict[str, str]:
    """The environment without anything of this site's."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "DATABASE_", "REDIS_"))
    }
    return kept | ({"PYTHONPATH": str(installed), "PYTHONSAFEPATH": ""} if installed else {})
