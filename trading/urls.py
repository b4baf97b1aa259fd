"""URLs of the trading pages."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from trading.api.root import api
from trading.pages.accounts import account_page, account_reset, accounts
from trading.pages.calendar import calendar
from trading.pages.dashboard import dashboard
from trading.pages.equity import equity
from trading.pages.history import fills_csv, fills_history, orders_csv, orders_history
from trading.pages.order_actions import order_amend, order_cancel, orders_cancel
from trading.pages.order_news import order_news
from trading.pages.orders import order_page, order_place, order_preview
from trading.pages.positions import position_close, position_leverage, position_protect
from trading.pages.positions_close import positions_close
from trading.pages.preferences import preferences, theme
from trading.pages.summary import summary
from trading.pages.tokens import token_revoke, tokens

urlpatterns = [
    path("api/v1/", api.urls),
    path("", dashboard, name="dashboard"),
    path("login/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("orders/", order_place, name="order-place"),
    path("orders/preview/", order_preview, name="order-preview"),
    path("orders/cancel/", orders_cancel, name="orders-cancel"),
    path("orders/news/", order_news, name="order-news"),
    path("orders/<int:pk>/", order_page, name="order"),
    path("orders/<int:pk>/amend/", order_amend, name="order-amend"),
    path("orders/<int:pk>/cancel/", order_cancel, name="order-cancel"),
    path("positions/close/", positions_close, name="positions-close"),
    path("positions/<int:pk>/close/", position_close, name="position-close"),
    path("positions/<int:pk>/protect/", position_protect, name="position-protect"),
    path("positions/<int:pk>/leverage/", position_leverage, name="position-leverage"),
    path("history/orders/", orders_history, name="orders-history"),
    path("history/orders.csv", orders_csv, name="orders-csv"),
    path("history/fills/", fills_history, name="fills-history"),
    path("history/fills.csv", fills_csv, name="fills-csv"),
    path("history/equity/", equity, name="equity"),
    path("history/calendar/", calendar, name="calendar"),
    path("summary/", summary, name="summary"),
    path("accounts/", accounts, name="accounts"),
    path("accounts/<slug:name>/", account_page, name="account"),
    path("accounts/<slug:name>/reset/", account_reset, name="account-reset"),
    path("tokens/", tokens, name="tokens"),
    path("tokens/<int:pk>/revoke/", token_revoke, name="token-revoke"),
    path("preferences/", preferences, name="preferences"),
    path("preferences/theme/", theme, name="theme"),
]
