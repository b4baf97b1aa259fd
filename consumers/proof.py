"""How the user of a socket proved who he is; what the access watch looks at again."""

from dataclasses import dataclass
from hashlib import sha256, shake_256
from typing import Any

from django.conf import settings


@dataclass(frozen=True, slots=True)
class Proof:
    """The user's primary key, and the session's key or the token; neither where the project signs in by other means."""

    user: Any
    session_key: str | None = None
    token: str | None = None

    @property
    def session(self) -> str | None:
        """The digest of the session, None without one."""
        return None if self.session_key is None else session_digest(self.session_key)


def session_digest(session_key: str) -> str:
    """Return the name under which a session travels over the channel layer, which must not carry what signs in."""
    return sha256(session_key.encode(errors="surrogatepass")).hexdigest()


def seal(key: str, under: str) -> str:
    """Return a session's new key, readable only to who has its old one; the pad serves once, as the old key is over."""
    text = key.encode()
    return bytes(left ^ right for left, right in zip(text, _pad(under, len(text)), strict=True)).hex()


def unseal(sealed: str, under: str) -> str:
    """Return what `seal` was given; raise ValueError for what it has not made."""
    text = bytes.fromhex(sealed)
    return bytes(left ^ right for left, right in zip(text, _pad(under, len(text)), strict=True)).decode()


def _pad(secret: str, length: int) -> bytes:
    return shake_256(f"consumers.proof {settings.SECRET_KEY} {secret}".encode(errors="surrogatepass")).digest(length)
