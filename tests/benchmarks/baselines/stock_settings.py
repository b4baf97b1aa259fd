"""The site's settings with the channel layer as its documentation has it."""

from tradingsite.settings import *  # noqa: F403
from tradingsite.settings import ENVIRONMENT

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [{"address": ENVIRONMENT.redis_url, "socket_timeout": None}]},
    }
}
