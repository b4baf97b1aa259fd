"""The position that an account has in an instrument, whether it has a row yet or not."""

from trading.models import Account, Instrument, Order, Position, Side


def position_of(account: Account, instrument: Instrument) -> Position:
    """Return the account's position in the instrument, or an unsaved flat one."""
    found = Position.objects.filter(account=account, instrument=instrument).first()
    return found or Position(account=account, instrument=instrument, leverage=account.leverage)


def opening_leverage(position: Position, instrument: Instrument) -> int:
    """Return the leverage of what is opened from flat: the one set, as far as the instrument allows."""
    return min(position.leverage, instrument.maximum_leverage)


def present_leverage(position: Position, instrument: Instrument) -> int:
    """Return the leverage of the position, or where it is flat of the one that would be opened."""
    return position.leverage if position.signed_amount else opening_leverage(position, instrument)


def position_leverage(position: Position, order: Order) -> int:
    """Return the leverage of what the order opens: that of the position which it adds to, or of a new one."""
    along = position.signed_amount > 0 if order.side == Side.BUY else position.signed_amount < 0
    return position.leverage if along else opening_leverage(position, order.instrument)
