"""Whose rows the database tells the pushers of when they change: model -> the path to the user's id.

Quotes are not among them: marks move all the time, and the feed `pnl` reads them every few seconds.
"""

CAPTURED = {
    "Account": "user_id",
    "Position": "account__user_id",
    "Order": "account__user_id",
    "Fill": "account__user_id",
}
