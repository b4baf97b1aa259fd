"""The documentation: complete, and from our own host only."""

import json
import re

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from trading.api.problems import MEDIA_TYPE

pytestmark = pytest.mark.django_db


@pytest.fixture
def schema():
    return Client().get("/api/v1/openapi.json").json()


def operations(schema):
    return [
        (method.upper(), path, operation)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    ]


def test_the_page_loads_nothing_from_another_host():
    page = Client().get("/api/v1/docs").content.decode()
    loaded = re.findall(r"""(?:src|href)=["']([^"']+)["']""", page)
    assert len(loaded) >= 4
    for url in loaded:
        assert url.startswith("/static/"), url
        assert finders.find(url.removeprefix("/static/")), url
    settings = json.loads(re.search(r'id="swagger-settings">(.+?)</script>', page, re.DOTALL)[1])
    assert settings["validatorUrl"] is None  # Swagger UI asks a validator on another host unless told not to
    assert settings["url"] == "/api/v1/openapi.json"
    assert "//" not in re.sub(r"<script type=.+?</script>", "", page, flags=re.DOTALL).replace("<!DOCTYPE html>", "")


def test_what_is_tried_out_there_carries_the_csrf_token():
    page = Client().get("/api/v1/docs").content.decode()
    assert 'data-api-csrf="true"' in page
    assert re.search(r'data-csrf-token="\w{32,}"', page)


def test_every_operation_is_described(schema):
    found = operations(schema)
    assert len(found) >= 30
    for method, path, operation in found:
        assert operation["summary"], path
        assert operation["description"].endswith("."), (method, path)
        assert operation["tags"], path
        assert re.fullmatch(r"[a-z_]+", operation["operationId"])
    names = [operation["operationId"] for _, _, operation in found]
    assert len(set(names)) == len(names)


def test_every_operation_names_its_problems(schema):
    for method, path, operation in operations(schema):
        problems = {status for status in operation["responses"] if status not in ("200", "201")}
        assert "default" in problems
        if operation.get("security"):
            assert {"401", "403"} <= problems, (method, path)
        if "requestBody" in operation:
            assert {"400", "404", "409", "415", "422"} <= problems, (method, path)
        for status in problems:
            content = operation["responses"][status]["content"]
            assert content == {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}


def test_every_reference_leads_somewhere(schema):
    references = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(schema)))
    assert references <= set(schema["components"]["schemas"])
    assert "Problem" in references


def test_decimals_are_strings_and_nothing_is_a_float(schema):
    assert '"type": "number"' not in json.dumps(schema)
    order = schema["components"]["schemas"]["OrderDocument"]["properties"]
    assert order["amount"]["type"] == order["price"]["type"] == "string"


def test_what_leaves_is_never_null(schema):
    for name, model in schema["components"]["schemas"].items():
        if name.endswith("Document"):
            assert '"null"' not in json.dumps(model), name


def test_orders_are_shown_by_examples_that_the_schema_allows(schema):
    body = schema["paths"]["/api/v1/orders"]["post"]["requestBody"]["content"]["application/json"]
    known = schema["components"]["schemas"]["OrderRequest"]["properties"]
    assert len(body["examples"]) >= 4
    for example in body["examples"].values():
        assert set(example["value"]) <= set(known)
