/** The open orders: the feed `orders`. */

import { paintOnce } from "./paint.js";
import { addressRow, paintRows } from "./rows.js";

/** Keep the panel up to date with the client's documents. */
export function keepOrders(panel, client) {
    const paint = () => {
        const orders = client.document("orders");
        if (!orders) return;
        const rows = Object.entries(orders).map(([id, row]) => [id, { id, ...row }]);
        paintRows(panel, rows.sort(([a], [b]) => b - a), addressRow);
    };
    client.addEventListener("document", ({ detail }) => detail.feed === "orders" && paintOnce(panel, paint));
}
