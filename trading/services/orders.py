"""Place, cancel and match orders of the paper venue."""

import logging
from decimal import Decimal

from django.db import transaction
from django.db.models import F, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from pushers import nudge
from trading import accounting
from trading.accounting import ZERO
from trading.conf import stale_market_after
from trading.errors import TradingError
from trading.models import OPEN_STATUSES, Account, Fill, Instrument, Order, OrderStatus, Quote, Side
from trading.services.accounts import ACCOUNT_FEEDS, account_lock
from trading.services.fills import Execution, fill_record, opening_leverage, position_of
from trading.services.order_checks import OrderRequest, check_rules, fresh_quote, order_request, tradable_instrument
from trading.wire import decimal_text

logger = logging.getLogger(__name__)


def order_place(
    *,
    account: Account,
    symbol: str,
    side: str,
    type: str,
    amount: Decimal,
    price: Decimal | None = None,
    client_order_id: str | None = None,
) -> Order:
    """Place an order and return it: filled where it meets the quote, resting where it is a limit order away from it.

    The same client order id with the same body returns the order it made the first time. Raises TradingError; nothing
    is written then.
    """
    request = order_request(
        symbol=symbol, side=side, type=type, amount=amount, price=price, client_order_id=client_order_id or None
    )
    with transaction.atomic():
        locked = account_lock(account.pk)
        earlier = _earlier_order(locked, request)
        if earlier is not None:
            return earlier
        order = _place(locked, request)
        nudge([locked.user_id], ACCOUNT_FEEDS)
    return order


def order_cancel(*, order: Order) -> Order:
    """Cancel an open order and release what it reserved; raise TradingError `not_open` for a closed one."""
    with transaction.atomic():
        account = account_lock(order.account_id)
        current = Order.objects.select_related("instrument").get(pk=order.pk)
        if not current.is_open:
            message = _("Only an open order can be canceled; order %(id)s is %(status)s.")
            raise TradingError("not_open", message % {"id": order.pk, "status": current.status})
        _close(account, current, OrderStatus.CANCELED)
        nudge([account.user_id], ACCOUNT_FEEDS)
    return current


def orders_match(*, instrument: Instrument) -> int:
    """Fill the resting limit orders that the instrument's quote crosses, at their own price, as maker.

    Costs one query when none crosses. A halted instrument and a stale quote fill nothing. Returns the number of fills.
    """
    crossed = Q(side=Side.BUY, price__gte=F("instrument__quote__ask")) | Q(
        side=Side.SELL, price__lte=F("instrument__quote__bid")
    )
    resting = Order.objects.filter(
        crossed,
        instrument=instrument,
        type=Order.Type.LIMIT,
        status__in=OPEN_STATUSES,
        instrument__halted=False,
        instrument__quote__updated_at__gte=timezone.now() - stale_market_after(),
    )
    pairs = list(resting.order_by("id").values_list("id", "account_id"))
    return sum(_fill_resting(order_id, account_id) for order_id, account_id in pairs)


def _earlier_order(account: Account, request: OrderRequest) -> Order | None:
    if request.client_order_id is None:
        return None
    orders = Order.objects.select_related("instrument")
    earlier = orders.filter(account=account, client_order_id=request.client_order_id).first()
    if earlier is not None and not request.same_as(earlier):
        message = _("The client order id %(client_order_id)s belongs to order %(id)s, which is another one.")
        words = {"client_order_id": repr(request.client_order_id), "id": earlier.pk}
        raise TradingError("duplicate_client_order_id", message % words)
    return earlier


def _place(account: Account, request: OrderRequest) -> Order:
    instrument = tradable_instrument(request.symbol)
    quote = fresh_quote(instrument)
    market_price = quote.ask if request.side == Side.BUY else quote.bid
    check_rules(request, instrument, request.price or market_price)
    order = Order(
        account=account,
        instrument=instrument,
        client_order_id=request.client_order_id,
        side=request.side,
        type=request.type,
        price=request.price,
        amount=request.amount,
    )
    if request.type == Order.Type.LIMIT and not _crosses(order, quote):
        return _rest(account, order)
    execution = Execution(market_price, order.amount, Fill.Liquidity.TAKER)
    fill_record(account=account, order=order, execution=execution)
    return order


def _crosses(order: Order, quote: Quote) -> bool:
    price = order.price or ZERO
    return price >= quote.ask if order.side == Side.BUY else price <= quote.bid


def _rest(account: Account, order: Order) -> Order:
    order.reserved = _reservation(account, order)
    if order.reserved > account.free:
        message = _("The order reserves %(reserved)s %(currency)s; found %(free)s free.")
        words = {"reserved": decimal_text(order.reserved), "currency": account.currency}
        raise TradingError("insufficient_margin", message % {**words, "free": decimal_text(account.free)})
    order.save()
    account.used += order.reserved
    account.save(update_fields=["used"])
    return order


def _reservation(account: Account, order: Order) -> Decimal:
    """Return the margin of what the order would open, and the maker's fee on all of it.

    What it would close of the position needs no margin, less what other open orders of its side close already.
    """
    position = position_of(account, order.instrument)
    price = order.price or ZERO
    against = (position.signed_amount > 0) == (order.side == Side.SELL)
    opened = order.amount
    if against and position.signed_amount:
        siblings = Order.objects.filter(
            account=account, instrument=order.instrument, side=order.side, status__in=OPEN_STATUSES
        ).aggregate(amount=Sum("amount"), filled=Sum("filled"))
        taken = (siblings["amount"] or ZERO) - (siblings["filled"] or ZERO)
        closable = max(abs(position.signed_amount) - taken, ZERO)
        opened = max(order.amount - closable, ZERO)
    adding = bool(position.signed_amount) and not against
    leverage = position.leverage if adding else opening_leverage(account, order.instrument)
    fee = accounting.fee(accounting.notional(price, order.amount), order.instrument.maker_fee_rate)
    return accounting.margin(accounting.notional(price, opened), leverage) + fee


def _fill_resting(order_id: int, account_id: int) -> int:
    with transaction.atomic():
        account = account_lock(account_id)
        order = Order.objects.select_related("instrument").get(pk=order_id)
        if not order.is_open or order.price is None:
            return 0  # canceled since it was read
        nudge([account.user_id], ACCOUNT_FEEDS)
        try:
            execution = Execution(order.price, order.remaining, Fill.Liquidity.MAKER)
            fill_record(account=account, order=order, execution=execution)
        except TradingError as error:
            # The position it was to close is gone, and the account can't carry a new one: it must not rest for ever.
            logger.info("order %s canceled: %s", order.pk, error.message)
            order.reject_reason = error.code
            _close(account, order, OrderStatus.CANCELED)
            return 0
    return 1


def _close(account: Account, order: Order, status: OrderStatus) -> None:
    account.used -= order.reserved
    account.save(update_fields=["used"])
    order.reserved, order.status = ZERO, status
    order.save()
