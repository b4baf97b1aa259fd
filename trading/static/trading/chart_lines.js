/** Which lines and markers the chart has: of own orders, positions and fills, from the feeds' documents. */

import { startOf } from "./candles.js";
import { formatValue } from "./figures.js";
import { label } from "./labels.js";

/**
 * The lines of a symbol.
 * @param {string} symbol
 * @param {import("../consumers/feed_client.js").FeedClient} client
 * @returns {object[]} {id, kind, price, tone, text(price), order?, field?}: price is a decimal string; `order` and
 *     `field` say what can be amended by moving the line
 */
export function linesOf(symbol, client) {
    const orders = Object.entries(client.document("orders") ?? {}).filter(([, row]) => row.symbol === symbol);
    const pnl = client.document("pnl") ?? {};
    const positions = Object.entries(client.document("positions") ?? {})
        .filter(([, row]) => row.symbol === symbol)
        .map(([id, row]) => [id, { ...pnl[row.account]?.positions?.[symbol], ...row }]);
    const several = Object.keys(client.document("balance") ?? {}).length > 1;
    return [
        ...orders.flatMap(([id, row]) => orderLines(id, row)),
        ...positions.flatMap(([id, row]) => positionLines(id, row)),
    ].map((line) => ({ ...line, text: (price) => textOf(line, price, several) }));
}

function orderLines(id, row) {
    const tone = row.side === "buy" ? "gain" : "loss";
    const fields = { trigger_price: ["trigger", row.triggerPrice], price: ["order", row.price] };
    return Object.entries(fields)
        .filter(([, [, price]]) => price !== undefined)
        .map(([field, [kind, price]]) => ({ id: `${kind}-${id}`, kind, price, tone, row, order: id, field }));
}

function positionLines(id, row) {
    const tone = row.side === "long" ? "gain" : "loss";
    return [
        ["entry", row.entryPrice, tone],
        ["liquidation", row.liquidationPrice, "warning"],
        ["takeProfit", row.takeProfit, ""],
        ["stopLoss", row.stopLoss, ""],
    ]
        .filter(([, price]) => price !== undefined)
        .map(([kind, price, tone]) => ({ id: `${kind}-${id}`, kind, price, tone, row }));
}

function textOf({ kind, row }, price, several) {
    const text = label(`mark-${kind}`, {
        side: label(row.side),
        amount: formatValue("amount", row.remaining ?? row.contracts),
        price: formatValue("price", price),
    });
    return several ? label("mark-of", { account: row.account, text }) : text;
}

/**
 * The markers of a symbol's fills at the candles that they were in: one for each candle and side.
 * @param {number} length of a candle, milliseconds
 * @returns {object[]} {time, side, text}: time in milliseconds of the market's time, in its order
 */
export function markersOf(symbol, client, length) {
    const markers = new Map();
    for (const fill of Object.values(client.document("fills") ?? {})) {
        if (fill.symbol !== symbol || fill.marketTime === undefined) continue;
        const time = startOf(fill.marketTime, length);
        const marker = markers.get(`${time} ${fill.side}`) ?? { time, side: fill.side, fills: [] };
        marker.fills.push(fill);
        markers.set(`${time} ${fill.side}`, marker);
    }
    return [...markers.values()]
        .map(({ time, side, fills }) => ({ time, side, text: fills.length > 1 ? `×${fills.length}` : amountOf(fills[0]) }))
        .sort((left, right) => left.time - right.time);
}

const amountOf = (fill) => formatValue("amount", fill.amount);
