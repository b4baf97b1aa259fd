/** The open orders: the feed `orders`, each with a button that cancels it. */

import { submit } from "./order_form.js";
import { showRows } from "./rows.js";

/** Keep the panel up to date with the client's documents, and cancel without leaving the page. */
export function keepOrders(panel, client) {
    client.addEventListener("document", ({ detail }) => {
        if (detail.feed !== "orders") return;
        const rows = Object.entries(detail.document).map(([id, row]) => [id, { id, ...row }]);
        showRows(panel, rows.sort(([a], [b]) => b - a), addressCancel);
    });
    panel.addEventListener("submit", (event) => {
        event.preventDefault();
        submit(event.target, panel.querySelector("[data-result]"));
    });
}

function addressCancel(row, id) {
    const form = row.querySelector("form[data-cancel]");
    form.action = form.getAttribute("action").replace("/0/", `/${id}/`);
}
