"""The time as it travels: integer milliseconds UTC."""

import time


def now_ms() -> int:
    return time.time_ns() // 1_000_000
