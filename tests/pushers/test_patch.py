"""The pure part: what a change is, and what may be a document at all."""

import copy
import enum
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushers.patch import DocumentError, check_document, copy_document, diff, encode, merge, touches_only

CASES = json.loads((Path(__file__).parents[1] / "cases" / "merge_cases.json").read_text())["cases"]

# Few keys and few values, so that documents share many of both; "1", 1 and True are the classic confusions.
keys = st.sampled_from(["a", "b", "paper", "318", ""])
leaves = st.sampled_from(["", "0", "1", "10.5", "é"]) | st.integers(-1, 2) | st.booleans()
documents = st.recursive(
    st.dictionaries(keys, leaves, max_size=4),
    lambda inner: st.dictionaries(keys, leaves | inner, max_size=4),
    max_leaves=12,
)


class Side(enum.StrEnum):
    BUY = "buy"


class SafeText(str):
    pass


def same(one: object, other: object) -> bool:
    """Compare as JSON does: True is not 1."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


@given(documents, documents)
def test_the_patch_turns_the_old_document_into_the_new_one(old: dict, new: dict) -> None:
    assert same(merge(old, diff(old, new)), new)


@given(documents, documents)
def test_the_patch_survives_the_wire(old: dict, new: dict) -> None:
    assert same(merge(old, json.loads(encode(diff(old, new)))), new)


@given(documents)
def test_equal_documents_have_no_patch(document: dict) -> None:
    assert diff(document, copy.deepcopy(document)) == {}


@given(documents, documents)
def test_no_patch_means_the_same_text(old: dict, new: dict) -> None:
    assert (diff(old, new) == {}) == same(old, new)


@given(documents, documents)
def test_neither_diff_nor_merge_changes_its_arguments(old: dict, new: dict) -> None:
    old_before, new_before = copy.deepcopy(old), copy.deepcopy(new)
    patch = diff(old, new)
    patch_before = copy.deepcopy(patch)
    merge(old, patch)
    assert same([old, new, patch], [old_before, new_before, patch_before])


@given(documents)
def test_everything_the_strategy_makes_is_a_document(document: dict) -> None:
    check_document(document)


@given(documents)
def test_a_copy_shares_no_object_with_its_document(document: dict) -> None:
    copied = copy_document(document)
    assert same(copied, document)
    assert not _objects(copied) & _objects(document)


def _objects(document: dict) -> set[int]:
    return {id(document)}.union(*(_objects(value) for value in document.values() if isinstance(value, dict)))


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_merge_follows_the_shared_cases(case: dict[str, Any]) -> None:
    document, patch = copy.deepcopy(case["document"]), copy.deepcopy(case["patch"])
    assert same(merge(document, patch), case["expected"])
    assert same([document, patch], [case["document"], case["patch"]])


@pytest.mark.parametrize(
    ("old", "new", "patch"),
    [
        ({"a": {"x": "1"}}, {"a": {}}, {"a": {"x": None}}),
        ({"a": {}}, {}, {"a": None}),
        ({}, {"a": {}}, {"a": {}}),
        ({"a": "1"}, {"a": {}}, {"a": {}}),
        ({"a": {"x": "1"}}, {"a": "1"}, {"a": "1"}),
        ({}, {"a": {"b": {"c": "1"}}}, {"a": {"b": {"c": "1"}}}),
        ({"a": 1}, {"a": True}, {"a": True}),
        ({"a": False}, {"a": 0}, {"a": 0}),
        ({"a": 1}, {"a": "1"}, {"a": "1"}),
        ({"a": {"b": 1}}, {"a": {"b": True}}, {"a": {"b": True}}),
        ({"a": ""}, {}, {"a": None}),
    ],
)
def test_edges_of_diff(old: dict, new: dict, patch: dict) -> None:
    assert encode(diff(old, new)) == encode(patch)


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ([], "$"),
        (None, "$"),
        ("text", "$"),
        ({"a": {1: "x"}}, "$.a"),
        ({"a": {None: "x"}}, "$.a"),
        ({"a": {"b": None}}, "$.a.b"),
        ({"a": {"b": 1.0}}, "$.a.b"),
        ({"a": {"b": float("nan")}}, "$.a.b"),
        ({"a": {"b": Decimal("1")}}, "$.a.b"),
        ({"a": {"b": []}}, "$.a.b"),
        ({"a": {"b": b"x"}}, "$.a.b"),
    ],
)
def test_what_cannot_be_patched_is_refused_by_its_path(document: object, path: str) -> None:
    with pytest.raises(DocumentError, match=rf"^{path.replace('$', '[$]')} must "):
        check_document(document)


@pytest.mark.parametrize("value", [2**53, -(2**53), 2**63, 2**70])
def test_an_integer_that_a_browser_would_round_is_refused(value: int) -> None:
    with pytest.raises(DocumentError, match=r"^\$\.a must .*53 bits"):
        check_document({"a": value})


@pytest.mark.parametrize("value", [2**53 - 1, -(2**53) + 1, 0, True])
def test_an_integer_that_a_browser_reads_exactly_is_accepted(value: int) -> None:
    check_document({"a": value})


@pytest.mark.parametrize("document", [{"a": "\ud800"}, {"\ud800": "a"}, {"a": Side.BUY}, {"a": SafeText("x")}])
def test_what_the_encoder_would_refuse_or_alter_is_refused_before(document: dict) -> None:
    with pytest.raises(DocumentError):
        check_document(document)


@pytest.mark.parametrize(
    ("patch", "only"),
    [
        ({"paper": {"equity": "1"}}, True),
        ({"paper": {"positions": {"AAPL": {"markPrice": "1"}}}}, True),
        ({"paper": {"equity": None}}, False),
        ({"equity": {"total": "1"}}, False),  # an account of that name
        ({"equity": None}, False),
        ({"paper": {"equity": "1", "total": "2"}}, False),
        ({"paper": None}, False),
        ({"paper": {}}, False),
        ({"paper": {"positions": {"AAPL": None}}}, False),
        ({"paper": {"positions": {"AAPL": {"side": "long", "markPrice": "1"}}}}, False),
    ],
)
def test_a_patch_touches_only_volatile_keys(patch: dict, only: bool) -> None:
    assert touches_only(patch, frozenset({"equity", "markPrice"})) is only
