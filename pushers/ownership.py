"""What this process may push for at the moment: every part of the engine asks before it reads and before it sends."""

from collections.abc import Iterable
from typing import NamedTuple

from pushers.lease import Leases
from pushers.shard import shard_of


class Fence(NamedTuple):
    """A shard and the epoch of its ownership: what was made under it may be sent only while it lasts."""

    shard: int
    epoch: int


class Ownership:
    """The leases, and which of their epochs are served.

    An epoch is served once its taking has been told (`serve`), so that no stream is older than it.
    """

    def __init__(self, leases: Leases) -> None:
        self._leases = leases
        self._served: dict[int, int] = {}

    def serve(self, epochs: dict[int, int]) -> None:
        """Serve these epochs, and no others, while their leases last."""
        self._served = dict(epochs)

    def epoch(self, shard: int) -> int | None:
        """Return the epoch that is served for a shard; None where it is not ours."""
        epoch = self._leases.epoch(shard)
        return epoch if epoch == self._served.get(shard) else None

    def shard(self, key: str) -> int:
        return shard_of(key, self._leases.count)

    def epoch_of(self, key: str) -> int | None:
        """Return the epoch that is served for a user or a symbol; None where it is not ours."""
        return self.epoch(self.shard(key))

    def epochs_of(self, keys: Iterable[str], fences: Iterable[Fence]) -> dict[str, int]:
        """Return the same for those of many that lie within `fences`."""
        served = dict(fences)
        return {key: epoch for key in keys if (epoch := served.get(self.shard(key))) is not None}

    def fence_of(self, key: str) -> Fence | None:
        """Return the same with the shard."""
        shard = self.shard(key)
        epoch = self.epoch(shard)
        return None if epoch is None else Fence(shard, epoch)

    def fences(self) -> list[Fence]:
        """Return everything that is served now."""
        return [Fence(shard, epoch) for shard in self._served if (epoch := self.epoch(shard)) is not None]

    def holds(self, fence: Fence) -> bool:
        """Say whether what was made under a fence may still be sent."""
        return self.epoch(fence.shard) == fence.epoch
