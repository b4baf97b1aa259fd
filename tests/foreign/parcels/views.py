"""The page of this project."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tests.foreign.parcels.models import Parcel


def parcels(request: HttpRequest) -> HttpResponse:
    """Show who is signed in where his parcels are."""
    own = Parcel.objects.filter(owner=request.user.pk)
    return render(request, "parcels/parcels.html", {"parcels": own})
