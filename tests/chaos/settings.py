"""The site's settings for a chaos run: production's, with a channel layer that can be told to lose messages."""

from tradingsite.settings import *  # noqa: F403
from tradingsite.settings import CHANNEL_LAYERS as SITE_LAYERS

CHANNEL_LAYERS = {"default": {**SITE_LAYERS["default"], "BACKEND": "tests.chaos.faulty_layer.FaultyLayer"}}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},  # nothing is collected
}
