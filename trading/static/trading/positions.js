/** The positions: the feed `positions`, joined with the valuation at the mark of `pnl`. */

import { paintOnce } from "./paint.js";
import { addressRow, paintRows } from "./rows.js";

const order = (left, right) => (left < right ? -1 : left > right ? 1 : 0);

/** Keep the panel up to date with the client's documents. */
export function keepPositions(panel, client) {
    const paint = () => {
        const positions = client.document("positions");
        const pnl = client.document("pnl") ?? {};
        if (!positions) return;
        const rows = Object.entries(positions)
            .map(([key, row]) => [key, { ...pnl[row.account]?.positions?.[row.symbol], ...row }])
            .sort(([, a], [, b]) => order(a.account, b.account) || order(a.symbol, b.symbol));
        paintRows(panel, rows, addressRow);
    };
    client.addEventListener("document", ({ detail }) => {
        if (detail.feed === "positions" || detail.feed === "pnl") paintOnce(panel, paint);
    });
}
