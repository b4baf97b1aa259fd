"""The pages of this project: one, for who is signed in."""

from django.contrib.staticfiles.urls import staticfiles_urlpatterns
from django.urls import path

from tests.foreign.parcels.views import parcels

urlpatterns = [path("", parcels), *staticfiles_urlpatterns()]
