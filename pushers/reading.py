from typing import Any


def read(user_id: Any, names: list[str] | None = None) -> dict[str, Any]:
    from pushers.registry import feeds

    return {n: f.fetch([user_id])[user_id] for n, f in feeds().items() if names is None or n in names}
