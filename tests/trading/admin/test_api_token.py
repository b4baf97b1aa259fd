from django.contrib.auth.models import Permission
from django.urls import reverse

from tests.trading.rows import make_user
from trading import services
from trading.models import AuditEntry


def test_the_digest_is_shown_nowhere(admin, trader):
    token, secret = services.token_create(user=trader, name="robot", scopes=["read"])
    for page in (
        reverse("admin:trading_apitoken_changelist"),
        reverse("admin:trading_apitoken_change", args=[token.pk]),
    ):
        text = admin.get(page).text
        assert token.prefix in text
        assert token.digest not in text
        assert secret not in text


def test_selected_tokens_are_revoked_once(admin, trader):
    token, _ = services.token_create(user=trader, name="robot", scopes=["read"])
    action = {"action": "revoke", "_selected_action": [token.pk]}
    assert "1 token revoked." in admin.post(reverse("admin:trading_apitoken_changelist"), action, follow=True).text
    token.refresh_from_db()
    assert token.revoked_at is not None
    assert "0 tokens revoked." in admin.post(reverse("admin:trading_apitoken_changelist"), action, follow=True).text


def test_an_operator_revokes_no_superusers_token(client, admin_user):
    operator = make_user(username="operator-1", is_staff=True)
    wanted = Permission.objects.filter(codename__in=["view_apitoken", "change_apitoken"])
    operator.user_permissions.set(wanted)
    client.force_login(operator)
    token, _ = services.token_create(user=admin_user, name="robot", scopes=["read"])
    action = {"action": "revoke", "_selected_action": [token.pk]}
    page = client.post(reverse("admin:trading_apitoken_changelist"), action, follow=True)
    assert "only another superuser" in page.text
    token.refresh_from_db()
    assert token.revoked_at is None
    assert not AuditEntry.objects.exists()
