"""The words of the wire in the reader's language; the page carries them for its scripts, too."""

from django.utils.translation import gettext_lazy as _

LABELS = {
    # Sides, kinds and states of orders, fills and positions
    "buy": _("Buy"),
    "sell": _("Sell"),
    "long": _("Long"),
    "short": _("Short"),
    "market": _("Market"),
    "limit": _("Limit"),
    "stop_market": _("Stop market"),
    "stop_limit": _("Stop limit"),
    "open": _("Open"),
    "new": _("Open"),
    "partially_filled": _("Partially filled"),
    "filled": _("Filled"),
    "canceled": _("Canceled"),
    "rejected": _("Rejected"),
    "expired": _("Expired"),
    "taker": _("Taker"),
    "maker": _("Maker"),
    # Ledger entries, and the state of tokens
    "deposit": _("Deposit"),
    "withdrawal": _("Withdrawal"),
    "realized_pnl": _("Realized PnL"),
    "fee": _("Fee"),
    "adjustment": _("Adjustment"),
    "active": _("Active"),
    "revoked": _("Revoked"),
    # Why data is stale
    "pusher_down": _("the push service is down"),
    "fetch_failed": _("the data could not be read"),
    "market_stale": _("the market has sent no new prices"),
    "feed_off": _("this feed is switched off"),
    "disconnected": _("not connected"),
    "refused": _("this feed is not available to you"),
    "since": _("since {time}"),
    # The connection
    "state-live": _("Live"),
    "state-stale": _("Connected, some data is stale"),
    "state-connecting": _("Connecting"),
    "state-reconnecting": _("Reconnecting"),
    "reconnecting-lost": _("Reconnecting"),
    "reconnecting-restart": _("The server restarts, reconnecting"),
    "reconnecting-limited": _("Too many connections, trying again in a minute"),
    "state-signed-out": _("Signed out"),
    "state-closed": _("Disconnected"),
    "closed-revoked": _("Disconnected: access revoked"),
    "closed-protocol": _("Disconnected: reload the page"),
    "age": _("Data {seconds} s old"),
    "round-trip": _("Round trip {milliseconds} ms"),
    # Sending an order
    "sending": _("Sending..."),
    "unreachable": _("The server can't be reached. Whether it has done this is unknown: look at your orders."),
    "unexpected": _("The server did not answer as expected. Reload the page and look at your orders."),
}
