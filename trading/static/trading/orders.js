/** The open orders: the feed `orders`. */

import { addressRow, showRows } from "./rows.js";

/** Keep the panel up to date with the client's documents. */
export function keepOrders(panel, client) {
    client.addEventListener("document", ({ detail }) => {
        if (detail.feed !== "orders") return;
        const rows = Object.entries(detail.document).map(([id, row]) => [id, { id, ...row }]);
        showRows(panel, rows.sort(([a], [b]) => b - a), addressRow);
    });
}
