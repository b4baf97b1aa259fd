"""Documents and the changes between them: RFC 7396 JSON Merge Patch, restricted so that every change has one.

Pure: neither Django nor channels. A document holds objects, strings, integers and booleans, never null (null is the
patch's word for "deleted"), floats (money is a string) or arrays (a merge patch can only replace them whole).
"""

from typing import Any

import msgspec

Document = dict[str, Any]
Patch = dict[str, Any]

EXACT_INTEGER = 2**53 - 1  # the largest that a browser reads as it was written; above it rounds without a word

_ABSENT = object()

_encoder = msgspec.json.Encoder()


class DocumentError(ValueError):
    """A feed returned what cannot be a document; the message names the path, what was expected and what was found."""


def diff(old: Document, new: Document) -> Patch:
    """Return the merge patch that turns `old` into `new`; `{}` where they are equal."""
    patch: Patch = {}
    gone = len(old)  # keys of `old` that have not been met in `new`
    for key, value in new.items():
        before = old.get(key, _ABSENT)
        if before is _ABSENT:
            patch[key] = value
            continue
        gone -= 1
        if before is value:
            continue
        if isinstance(value, dict) and isinstance(before, dict):
            # An object emptied of all its keys still differs: the patch names each of them as null.
            if inner := diff(before, value):
                patch[key] = inner
        elif before != value or type(before) is not type(value):
            patch[key] = value
    if gone:
        patch.update({key: None for key in old if key not in new})
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
    """Say whether the patch deletes nothing and sets nothing but plain values under `keys`, at any depth."""
    for key, value in patch.items():
        if isinstance(value, dict):
            if not value or not touches_only(value, keys):
                return False
        elif value is None or key not in keys:
            return False
    return True


def check_document(document: object, path: str = "$") -> None:
    """Raise DocumentError unless `document` can be pushed and patched without loss."""
    if not isinstance(document, dict):
        raise DocumentError(f"{path} must be an object; found {type(document).__name__}.")
    for key, value in document.items():
        if not isinstance(key, str) or not (key.isascii() or _is_text(key)):
            raise DocumentError(f"{path} must have keys of Unicode text; found {key!r} ({type(key).__name__}).")
        if type(value) is str and value.isascii():
            continue  # as most are
        if isinstance(value, dict):
            check_document(value, f"{path}.{key}")
        elif not _is_leaf(value):
            raise DocumentError(
                f"{path}.{key} must be an object, plain Unicode text, an integer within 53 bits or a boolean;"
                f" found {value!r} ({type(value).__name__})."
            )


def copy_document(document: Document) -> Document:
    """Return a copy that later changes of the feed's own objects do not reach."""
    return {key: copy_document(value) if isinstance(value, dict) else value for key, value in document.items()}


def encode(value: object) -> str:
    """Return `value` as compact JSON text."""
    return _encoder.encode(value).decode()


def _is_leaf(value: object) -> bool:
    # Exact types: the encoder refuses subclasses, after the document would have been recorded.
    if type(value) is str:
        return _is_text(value)
    return type(value) is bool or (type(value) is int and -EXACT_INTEGER <= value <= EXACT_INTEGER)


def _is_text(value: str) -> bool:
    """Say whether `value` can travel: a lone surrogate has no UTF-8 form."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
