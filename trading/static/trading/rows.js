/** Showing rows: cells are updated in place by key, new rows are clones of the panel's template. */

import { formatValue, fullValue, sign } from "./figures.js";
import { label } from "./labels.js";

const zone = document.body.dataset.zone;

/** Show a row's values in its elements marked with data-field. */
function fill(row, values) {
    for (const element of row.querySelectorAll("[data-field]")) {
        const { field, kind } = element.dataset;
        const value = values[field];
        const text = kind === "label" && value ? label(value) : formatValue(kind, value, zone);
        if (element.textContent !== text) element.textContent = text;
        element.title = fullValue(kind, value);
        if ("sign" in element.dataset) element.dataset.sign = sign(value);
        if (kind === "label") element.dataset.value = value ?? "";
    }
}

/**
 * Make a panel show these rows, in this order.
 * @param {HTMLElement} panel
 * @param {Array<[string, object]>} rows key and values
 * @param {(row: HTMLElement, key: string) => void} [prepare] called once for each new row
 */
export function showRows(panel, rows, prepare = () => {}) {
    const body = panel.querySelector("[data-rows]");
    const old = new Map([...body.children].map((row) => [row.dataset.key, row]));
    const shown = rows.map(([key, values]) => {
        const row = old.get(key) ?? create(panel, key, prepare);
        fill(row, values);
        return row;
    });
    // Only what changes its place is moved: a row that is moved loses the focus of a button in it.
    for (const row of body.children) if (!shown.includes(row)) old.delete(row.dataset.key);
    for (const row of [...body.children]) if (!old.has(row.dataset.key)) row.remove();
    shown.forEach((row, index) => {
        if (body.children[index] !== row) body.insertBefore(row, body.children[index] ?? null);
    });
    panel.querySelector("[data-filled]").hidden = rows.length === 0;
    panel.querySelector("[data-empty]").hidden = rows.length > 0;
    panel.querySelector("[data-unknown]").hidden = true;
}

function create(panel, key, prepare) {
    const row = panel.querySelector("template[data-row]").content.firstElementChild.cloneNode(true);
    row.dataset.key = key;
    prepare(row, key);
    return row;
}

/** Make a new row's links lead to its own pages: in the template they have the key 0. */
export function addressRow(row, key) {
    for (const link of row.querySelectorAll("a[data-address]")) {
        link.href = link.getAttribute("href").replace("/0/", `/${key}/`);
    }
}
