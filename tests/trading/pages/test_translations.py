"""Every word of the site is there in Chinese, and the compiled catalog is that of the written one.

What is missing is found after `python -m tests.messages`, which brings the catalog up to date.
"""

import gettext
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from django.test import Client

from tests.messages import CATALOG, ROOT, collect, compiled

SOURCES = ("consumers", "locale", "pushers", "trading", "tradingsite")
ONLY = shutil.ignore_patterns("__pycache__", "vendor", "data", "*.pyc")


@pytest.fixture
def tools() -> None:
    """GNU gettext, or the end of the test."""
    if shutil.which("xgettext") is None:
        message = "GNU gettext is not installed (Debian: apt-get install gettext): the catalog was not compared."
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail(message)
        pytest.skip(message)


@pytest.fixture
def collected(tools: None, tmp_path: Path) -> Path:
    """A copy of the sources, with its catalog brought up to date."""
    for name in SOURCES:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ONLY)
    collect(tmp_path)
    return tmp_path


def lacking(root: Path, kind: str) -> list[str]:
    """The words of the catalog that are `untranslated` or `only-fuzzy`."""
    command = ["msgattrib", f"--{kind}", "--no-wrap", str(CATALOG)]
    found = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    return re.findall(r'^msgid "(.+)"$', found, re.MULTILINE)


def test_every_word_has_a_translation_and_none_is_doubtful(collected: Path) -> None:
    assert (lacking(collected, "untranslated"), lacking(collected, "only-fuzzy")) == ([], [])


def test_the_catalog_holds_what_the_sources_say_and_no_more(collected: Path) -> None:
    words = [
        set(re.findall(r'^msgid "(.*)"$', (root / CATALOG).read_text(), re.MULTILINE)) for root in (ROOT, collected)
    ]
    assert words[0] == words[1]


def test_the_compiled_catalog_is_that_of_the_written_one(tools: None, tmp_path: Path) -> None:
    compiled(ROOT, tmp_path / "fresh.mo")
    catalogs = []
    for path in (tmp_path / "fresh.mo", (ROOT / CATALOG).with_suffix(".mo")):
        with path.open("rb") as file:
            catalogs.append(gettext.GNUTranslations(file)._catalog)  # type: ignore[attr-defined]
    assert catalogs[0] == catalogs[1]


def test_a_page_is_in_the_browsers_language(client: Client, db: None) -> None:
    assert "登录" in client.get("/login/", HTTP_ACCEPT_LANGUAGE="zh-CN,zh;q=0.9").content.decode()
    assert "Sign in" in client.get("/login/", HTTP_ACCEPT_LANGUAGE="fr").content.decode()
