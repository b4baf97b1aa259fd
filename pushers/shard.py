"""Which shard a user or a symbol belongs to. A lease covers a shard."""

import zlib
from functools import lru_cache


@lru_cache(maxsize=2**16)
def shard_of(key: str, count: int) -> int:
    """Return the shard, of `count`, of a user id as it travels (its string form) or of a symbol."""
    return zlib.crc32(key.encode()) % count
