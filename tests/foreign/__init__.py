"""Somebody else's Django project that uses `pushers` and `consumers` and knows nothing of trading."""
