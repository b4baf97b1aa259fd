"""The site's settings for a chaos run: production's, with a channel layer that can be told to lose messages."""

import os

from tradingsite.settings import *  # noqa: F403
from tradingsite.settings import CHANNEL_LAYERS as SITE_LAYERS
from tradingsite.settings import CONSUMERS as SITE_CONSUMERS

CHANNEL_LAYERS = {"default": {**SITE_LAYERS["default"], "BACKEND": "tests.chaos.faulty_layer.FaultyLayer"}}
# Many clients of one trader come from one address here, and come back at once after each fault.
CONSUMERS = {**SITE_CONSUMERS, **({"SOCKETS_PER_USER": 1000} if os.environ.get("CHAOS_SOCKETS_PER_USER") else {})}
