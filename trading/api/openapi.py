"""What the OpenAPI document says beyond the operations' own types: every operation can answer with a problem."""

from collections.abc import Iterator, Mapping
from typing import Any

from trading.api.problems import MEDIA_TYPE
from trading.api.schemas.tokens import Problem

REFERENCE = "#/components/schemas/{model}"
DESCRIPTION = """\
What the site's pages show and do, for programs. The same documents are pushed by the socket at `/ws/`.

**Sign in** with the header `Authorization: Token ...`. Tokens are made on the site; reading needs the scope `read`, and
whatever changes something needs `trade`. A browser's session works too; then unsafe methods need the CSRF token in
`X-CSRFToken`. What belongs to others does not exist for you: 404.

**Numbers** that count money, prices or amounts are strings in plain decimal notation, such as `"60.05"`, never JSON
numbers, which most programs read as binary fractions. **Times** are integer milliseconds since 1970, UTC. What is
absent has no key.

**Lists** that grow come in pages, newest first: ask again with `cursor` = the last page's `nextCursor`, until there is
none. What is added meanwhile neither repeats a row nor hides one.

**Errors** are problem documents (RFC 9457) with a stable `code`; `GET /api/v1/problems` lists the codes. Every answer
can be one of the problems of its status.
"""
TEXTS = {
    400: "The body is not valid JSON",
    401: "Not signed in, or the token is not valid",
    403: "The token's scope does not allow it, or the CSRF check failed",
    404: "You have nothing by that name",
    409: "Refused at this time",
    415: "The body is not declared as JSON",
    422: "Refused: the request has not the expected form, or a rule forbids it",
}


def add_problems(document: dict[str, Any]) -> None:
    """Add the problems that each operation can answer with, and their schema, to an OpenAPI document."""
    schema = Problem.model_json_schema(ref_template=REFERENCE, mode="serialization")
    schemas = document["components"]["schemas"]
    schemas.update(schema.pop("$defs", {}))
    schemas["Problem"] = schema
    for operation in _operations(document["paths"]):
        responses = operation["responses"]
        for status in _statuses(operation):
            responses[status] = _response(TEXTS[status])
        responses["default"] = _response("Any other problem")


def drop_null_parameters(document: dict[str, Any]) -> None:
    """Describe what a query may leave out without null, which no query can say."""
    for operation in _operations(document["paths"]):
        for parameter in operation["parameters"]:
            schema = parameter["schema"]
            kinds = [kind for kind in schema.pop("anyOf", []) if kind != {"type": "null"}]
            for kind in kinds:  # one, once null is gone
                schema.update({**kind, **schema})


def _operations(paths: Mapping[str, Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    for methods in paths.values():
        yield from methods.values()


def _statuses(operation: Mapping[str, Any]) -> list[int]:
    """Return the statuses of the problems that are peculiar to an operation."""
    changes = "requestBody" in operation
    names_something = any(
        parameter["in"] == "path" or parameter["name"] == "account" for parameter in operation["parameters"]
    )
    found = []
    if operation.get("security"):
        found += [401, 403]
    if changes:
        found += [400, 409, 415]
    if changes or names_something:
        found.append(404)
    if changes or operation["parameters"]:
        found.append(422)
    return sorted(found)


def _response(description: str) -> dict[str, Any]:
    schema = {"$ref": REFERENCE.format(model="Problem")}
    return {"description": description, "content": {MEDIA_TYPE: {"schema": schema}}}
