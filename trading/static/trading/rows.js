/** Showing rows: cells are updated in place by key, new rows are clones of the panel's template. */

import { compareDecimals } from "./decimals.js";
import { formatValue, fullValue, sign } from "./figures.js";
import { flash } from "./flash.js";
import { label } from "./labels.js";
import { paintOnce } from "./paint.js";

const NO_DECIMALS = ["label", "text", "time"];

const zone = document.body.dataset.zone;
const shownValues = new WeakMap(); // element -> the value that it shows; what the server rendered is not in it

/** Show a row's values in the elements within `row` that are marked with data-field or data-meter. */
export function fill(row, values) {
    for (const element of row.querySelectorAll("[data-field]")) showFigure(element, values[element.dataset.field]);
    for (const meter of row.querySelectorAll("[data-meter]")) {
        const value = String(values[meter.dataset.meter] ?? 0);
        if (meter.getAttribute("value") !== value) meter.setAttribute("value", value);
    }
}

/** Show a value in a figure's element, with a flash where it replaces another one. */
export function showFigure(element, value) {
    const { kind } = element.dataset;
    if (shownValues.has(element) && shownValues.get(element) === value) return;
    const text = kind === "label" && value ? label(value) : formatValue(kind, value, zone);
    const changed = element.textContent !== text;
    if (changed) element.textContent = text;
    element.title = fullValue(kind, value);
    if ("sign" in element.dataset) element.dataset.sign = sign(value);
    if (kind === "label") element.dataset.value = value ?? "";
    if (changed && shownValues.has(element)) flash(element, direction(kind, shownValues.get(element), value));
    shownValues.set(element, value);
}

function direction(kind, before, now) {
    if (NO_DECIMALS.includes(kind) || before === undefined || now === undefined) return "other";
    return compareDecimals(String(now), String(before)) > 0 ? "up" : "down";
}

/**
 * Make a panel show these rows, in this order, from the next frame on.
 * @param {HTMLElement} panel
 * @param {Array<[string, object]>} rows key and values
 * @param {(row: HTMLElement, key: string) => void} [prepare] called once for each new row
 */
export function showRows(panel, rows, prepare = () => {}) {
    paintOnce(panel, () => paintRows(panel, rows, prepare));
}

/** Make a panel show these rows at once; for who is painting already. See `showRows`. */
export function paintRows(panel, rows, prepare = () => {}) {
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
