import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import override_settings

from tradingsite.static_files import HashedStaticFilesStorage, StaticFiles

STYLE = "/static/admin/css/base.css"


async def ask(path, *, method="GET", headers=()):
    """Return status, headers and body of the answer to one request; status 404 where Django would be asked."""
    sent = []

    async def send(message):
        sent.append(message)

    async def django(scope, receive, send):
        await send({"type": "http.response.start", "status": 404, "headers": []})

    await StaticFiles(django)({"type": "http", "method": method, "path": path, "headers": headers}, None, send)
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], dict(sent[0]["headers"]), body


async def test_a_static_file_is_served_without_django_and_without_a_warning():
    status, headers, body = await ask(STYLE)
    assert status == 200
    assert headers[b"content-type"] == b'text/css; charset="utf-8"'
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert int(headers[b"content-length"]) == len(body) > 0


async def test_a_file_that_did_not_change_is_not_sent_again():
    _, headers, _ = await ask(STYLE)
    status, _, body = await ask(STYLE, headers=[(b"if-none-match", headers[b"etag"])])
    assert (status, body) == (304, b"")


async def test_a_part_of_a_file_can_be_asked_for():
    _, _, whole = await ask(STYLE)
    status, _, part = await ask(STYLE, headers=[(b"range", b"bytes=10-19")])
    assert (status, part) == (206, whole[10:20])


async def test_head_sends_no_body():
    status, headers, body = await ask(STYLE, method="HEAD")
    assert (status, body) == (200, b"")
    assert int(headers[b"content-length"]) > 0


async def test_a_static_file_takes_no_post():
    status, _, _ = await ask(STYLE, method="POST")
    assert status == 405


@pytest.mark.parametrize("path", ["/static/none.css", "/static/../manage.py", "/static/", "/static//etc/passwd"])
async def test_what_is_no_static_file_is_not_served(path):
    status, _, _ = await ask(path)
    assert status == 404


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    folder = tmp_path_factory.mktemp("static")
    backend = {"staticfiles": {"BACKEND": "tradingsite.static_files.HashedStaticFilesStorage"}}
    with override_settings(STATIC_ROOT=str(folder), STORAGES=backend):
        call_command("collectstatic", interactive=False, verbosity=0)
        yield HashedStaticFilesStorage(location=str(folder), base_url="/static/")


def test_the_imports_between_modules_name_hashed_files_that_exist(collected):
    modules = [name for name in collected.hashed_files.values() if name.endswith(".js") and "vendor" not in name]
    imports = [
        (name, target)
        for name in modules
        for target in re.findall(r'^import .* from "(\.[^"]+)";$', Path(collected.path(name)).read_text(), re.MULTILINE)
    ]
    assert imports
    for name, target in imports:
        assert re.search(r"\.[0-9a-f]{12}\.m?js$", target), f"{name} imports {target}, which is not hashed"
        base = name.rpartition("/")[0]
        assert collected.exists(f"{base}/{target}"), f"{name} imports {target}, which does not exist"


def test_the_browser_client_is_a_static_file():
    assert finders.find("consumers/feed_client.js")
