/** The positions: the feed `positions`, joined with the valuation at the mark of `pnl`. */

import { addressRow, showRows } from "./rows.js";

const order = (left, right) => (left < right ? -1 : left > right ? 1 : 0);

/** Keep the panel up to date with the client's documents. */
export function keepPositions(panel, client) {
    const show = () => {
        const positions = client.document("positions");
        const pnl = client.document("pnl") ?? {};
        if (!positions) return;
        const rows = Object.entries(positions)
            .map(([key, row]) => [key, { ...pnl[row.account]?.positions?.[row.symbol], ...row }])
            .sort(([, a], [, b]) => order(a.account, b.account) || order(a.symbol, b.symbol));
        showRows(panel, rows, addressRow);
    };
    client.addEventListener("document", ({ detail }) => (detail.feed === "positions" || detail.feed === "pnl") && show());
}
