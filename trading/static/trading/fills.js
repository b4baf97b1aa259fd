/** The newest fills: the feed `fills`. */

import { paintOnce } from "./paint.js";
import { paintRows } from "./rows.js";

/** Keep the panel up to date with the client's documents. */
export function keepFills(panel, client) {
    const paint = () => {
        const fills = client.document("fills");
        if (fills) paintRows(panel, Object.entries(fills).sort(([a], [b]) => b - a));
    };
    client.addEventListener("document", ({ detail }) => detail.feed === "fills" && paintOnce(panel, paint));
}
