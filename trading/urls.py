"""URLs of the trading pages."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from trading.pages.dashboard import dashboard
from trading.pages.orders import order_cancel, order_place

urlpatterns = [
    path("", dashboard, name="dashboard"),
    path("login/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("orders/", order_place, name="order-place"),
    path("orders/<int:pk>/cancel/", order_cancel, name="order-cancel"),
]
