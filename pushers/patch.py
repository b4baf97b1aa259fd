"""Documents and the changes between them: RFC 7396 JSON Merge Patch, restricted so that every change has one.

Pure: neither Django nor channels. A document holds objects, strings, integers and booleans, never null (null is the
patch's word for "deleted"), floats (money is a string) or arrays (a merge patch can only replace them whole).
"""

from typing import Any

import msgspec

Document = dict[str, Any]
Patch = dict[str, Any]

_encoder = msgspec.json.Encoder()


class DocumentError(ValueError):
    """A feed returned what cannot be a document; the message names the path, what was expected and what was found."""


def diff(old: Document, new: Document) -> Patch:
    """Return the merge patch that turns `old` into `new`; `{}` where they are equal."""
    patch: Patch = {}
    for key, value in new.items():
        if key not in old:
            patch[key] = value
            continue
        before = old[key]
        if isinstance(value, dict) and isinstance(before, dict):
            # An object emptied of all its keys still differs: the patch names each of them as null.
            if inner := diff(before, value):
                patch[key] = inner
        elif before != value or type(before) is not type(value):
            patch[key] = value
    for key in old:
        if key not in new:
            patch[key] = None
    return patch


def merge(document: Document, patch: Patch) -> Document:
    """Return `document` with `patch` applied, as RFC 7396 section 2 defines it. Neither argument is changed."""
    merged = dict(document)
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            before = merged.get(key)
            merged[key] = merge(before if isinstance(before, dict) else {}, value)
        else:
            merged[key] = value
    return merged


def touches_only(patch: Patch, keys: frozenset[str]) -> bool:
    """Say whether the patch sets nothing but values under `keys`, at any depth, and deletes nothing else."""
    return all(
        key in keys or (isinstance(value, dict) and bool(value) and touches_only(value, keys))
        for key, value in patch.items()
    )


def check_document(document: object, path: str = "$") -> None:
    """Raise DocumentError unless `document` can be pushed and patched without loss."""
    if not isinstance(document, dict):
        raise DocumentError(f"{path} must be an object; found {type(document).__name__}.")
    for key, value in document.items():
        if not isinstance(key, str):
            raise DocumentError(f"{path} must have string keys; found {key!r} ({type(key).__name__}).")
        if isinstance(value, dict):
            check_document(value, f"{path}.{key}")
        elif not isinstance(value, str | int):  # bool is an int
            raise DocumentError(
                f"{path}.{key} must be an object, a string, an integer or a boolean;"
                f" found {value!r} ({type(value).__name__})."
            )


def encode(value: object) -> str:
    """Return `value` as compact JSON text."""
    return _encoder.encode(value).decode()
