"""Closing all positions, on a page that says how many and which."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from trading import services
from trading.errors import TradingError
from trading.models import Account, OrderStatus, Position, User
from trading.pages.action import Action, answer_action
from trading.pages.order_actions import AccountsForm, confirmed
from trading.pages.outcomes import error_text, outcome
from trading.pages.positions import described_position
from trading.pages.trader import trader, trader_page


@confirmed
@trader_page
def positions_close(request: HttpRequest) -> HttpResponse:
    """Close all positions of one of the trader's accounts, or of all, at the market's price."""
    form = AccountsForm(trader(request), request.POST if request.method == "POST" else None)
    positions = _open_positions(trader(request))
    title = ngettext("Close %(number)s position?", "Close all %(number)s positions?", len(positions))
    action = Action(
        title=title % {"number": len(positions)} if positions else _("There are no open positions."),
        submit=_("Close all"),
        perform=lambda data: _close(positions, form.chosen()),
        form=form,
        items=[described_position(position) for position in positions],
        note=_("They are closed at the market's price, with the taker's fee. Open orders stay."),
        danger=True,
    )
    return answer_action(request, action)


def _open_positions(user: User) -> list[Position]:
    positions = Position.objects.filter(account__user=user).exclude(signed_amount=0)
    return list(positions.select_related("account", "instrument").order_by("account__name", "instrument__symbol"))


def _close(positions: list[Position], accounts: list[Account]) -> str:
    """Close the accounts' positions one by one and say what became of them; raise TradingError if that was nothing.

    A position that can't be closed, such as that of a halted instrument, does not keep the others.
    """
    chosen = [position for position in positions if position.account in accounts]
    refused = [error for position in chosen if (error := _refusal(position))]
    closed = len(chosen) - len(refused)
    done = ngettext("%(number)s position is closed.", "%(number)s positions are closed.", closed)
    said = " ".join([done % {"number": closed}, *(error_text(error) for error in refused)])
    if refused and not closed:
        raise TradingError(refused[0].code, said)
    return said


def _refusal(position: Position) -> TradingError | None:
    """Close one position; return what refuses it."""
    try:
        order = services.position_close(account=position.account, symbol=position.instrument.symbol)
    except TradingError as error:
        return error
    return TradingError(order.reject_reason, outcome(order)) if order.status == OrderStatus.REJECTED else None
