"""The push engine: feeds over any models, pushed to the users who watch them.

The public names are all here: `Feed`, `SymbolFeed`, `FeedStale` and `register` to write a feed, `nudge` to have a
change pushed at once, `read` to see what a user would be shown, `disconnect` and `access_changed` to end or check the
access of sockets that are open, `row_texts` for a feed's cheap ticks.
"""

from pushers.access import access_changed, disconnect
from pushers.feed import Document, Feed, FeedStale, SymbolFeed
from pushers.nudge import nudge
from pushers.queries import row_texts
from pushers.reading import read
from pushers.registry import register

__all__ = [
    "Document",
    "Feed",
    "FeedStale",
    "SymbolFeed",
    "access_changed",
    "disconnect",
    "nudge",
    "read",
    "register",
    "row_texts",
]
