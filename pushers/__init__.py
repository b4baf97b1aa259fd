"""The push engine: feeds over any models, pushed to the users who watch them.

The public names are all here: `Feed`, `SymbolFeed`, `FeedStale` and `register` to write a feed, `nudge` to have a
change pushed at once, `read` to see what a user would be shown.
"""

from pushers.feed import Document, Feed, FeedStale, SymbolFeed
from pushers.nudge import nudge
from pushers.reading import read
from pushers.registry import register

__all__ = ["Document", "Feed", "FeedStale", "SymbolFeed", "nudge", "read", "register"]
