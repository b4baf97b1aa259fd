"""Every page forbids what is not of our own origin, and everything inline."""

import re

import pytest
from django.test import Client

from trading.models import User

PAGES = ["/", "/login/", "/preferences/", "/api/v1/docs", "/admin/", "/admin/trading/order/", "/nowhere/", "/api/v1/me"]


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_has_the_policy(client: Client, db: None, path: str) -> None:
    client.force_login(User.objects.create_superuser("root"))
    policy = client.get(path).headers["Content-Security-Policy"]
    directives = dict(directive.strip().split(" ", 1) for directive in policy.split(";"))
    assert directives["default-src"] == directives["script-src"] == directives["style-src"] == "'self'"
    assert directives["frame-ancestors"] == directives["object-src"] == "'none'"
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", PAGES[:6])
def test_no_page_has_what_the_policy_forbids(client: Client, db: None, path: str) -> None:
    client.force_login(User.objects.create_superuser("root"))
    page = client.get(path).content.decode()
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=|javascript:", page) == []
    scripts = re.findall(r"<script([^>]*)>", page)
    assert [script for script in scripts if "src=" not in script and "application/json" not in script] == []


@pytest.mark.parametrize(
    "path",
    [
        "trading/user/", "trading/user/add/", "trading/user/{}/change/", "trading/user/{}/password/",
        "trading/user/{}/live/", "trading/auditentry/", "trading/tradingfreeze/add/", "trading/instrument/add/",
        "pushers/pushprocess/", "pushers/pushprocess/state/", "auth/group/add/", "password_change/",
    ],
)  # fmt: skip
def test_neither_has_a_page_of_the_admin(client: Client, db: None, path: str) -> None:
    root = User.objects.create_superuser("root", password="correct-horse-battery")
    client.force_login(root)
    response = client.get("/admin/" + path.format(root.pk))
    page = response.content.decode()
    assert response.status_code == 200
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=|javascript:", page) == []
    scripts = re.findall(r"<script([^>]*)>", page)
    assert [script for script in scripts if "src=" not in script and "application/json" not in script] == []
