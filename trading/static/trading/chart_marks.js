/**
 * The labels at the chart's lines, above its canvas. An order's label is a button: dragged, or moved by the arrow keys a
 * tick at a time, it leads to the page that amends the order, with the new price filled in.
 */

import { add, compareDecimals, snap } from "./decimals.js";
import { label } from "./labels.js";

const HEIGHT = 24; // pixels of a label: the least that a finger hits
const LEGEND_GAP = 6; // pixels between the legend and the first label
const DRAG_PIXELS = 3; // a click that trembles is no drag
const FAR = 10; // ticks, with the shift key
const SETTLE_MS = 500; // a push after an amendment takes less

/** The labels of the chart's lines. */
export class ChartMarks {
    /**
     * @param {HTMLElement} panel
     * @param {import("./chart_view.js").ChartView} view
     * @param {HTMLDialogElement} dialog in which an order is amended
     */
    constructor(panel, view, dialog) {
        this.view = view;
        this.list = panel.querySelector("[data-marks]");
        this.legend = panel.querySelector("[data-legend]");
        this.template = panel.querySelector("template[data-mark]");
        this.top = 0; // pixels that are the legend's
        this.shown = null; // what the labels say, as JSON
        this.lines = [];
        this.tick = "0.01";
        this.moved = new Map(); // id of a line -> where it was moved to, until that is amended or left
        // An amended order comes back with its new price in a moment; another one goes back to its own.
        dialog.addEventListener("close", () => setTimeout(() => this.leave(), SETTLE_MS));
    }

    /** Show these lines; one that is being moved stays where it was moved to. */
    show(lines, tick) {
        const shown = JSON.stringify([tick, lines.map((line) => [line.id, line.tone, line.price, line.text(line.price)])]);
        if (shown === this.shown) return; // placing labels makes the browser lay out the page
        this.shown = shown;
        this.tick = tick;
        for (const id of this.moved.keys()) if (!lines.some((line) => line.id === id)) this.moved.delete(id);
        const old = new Map([...this.list.children].map((element) => [element.dataset.id, element]));
        for (const [id, element] of old) if (!lines.some((line) => line.id === id)) element.remove();
        this.lines = lines.map((line) => ({ ...line, element: old.get(line.id) ?? this.create(line) }));
        this.paint();
    }

    /** Put back what was moved and not amended. */
    leave() {
        this.moved.clear();
        this.paint();
    }

    priceOf(line) {
        return this.moved.get(line.id) ?? line.price;
    }

    paint() {
        for (const line of this.lines) {
            const { element } = line;
            const text = line.text(this.priceOf(line));
            if (element.textContent !== text) element.firstElementChild.textContent = text;
            element.dataset.tone = line.tone;
            element.toggleAttribute("data-moved", this.moved.has(line.id));
        }
        this.top = this.legend.offsetHeight + LEGEND_GAP;
        this.view.setLines(this.lines.map((line) => ({ ...line, price: this.priceOf(line) })));
        this.place();
    }

    /** Put every label at its line's height, none above another, those beyond the chart at its edge. */
    place() {
        const { width, height } = this.view.pane;
        const most = height - HEIGHT;
        const placed = this.lines
            .map(({ element, ...line }) => ({ element, at: this.view.heightOf(this.priceOf(line)) }))
            .filter(({ element, at }) => !(element.hidden = at === null))
            .map(({ element, at }) => ({ element, at, y: Math.min(Math.max(at - HEIGHT / 2, this.top), most) }))
            .sort((left, right) => left.at - right.at);
        placed.forEach((one, index) => { one.y = Math.max(one.y, index ? placed[index - 1].y + HEIGHT : this.top); });
        placed.reduceRight((below, one) => (one.y = Math.min(one.y, below)) - HEIGHT, most);
        for (const { element, at, y } of placed) {
            element.dataset.beyond = at < 0 ? "above" : at > height ? "below" : "";
            element.style.transform = `translate(calc(${width - 4}px - 100%), ${Math.round(y)}px)`;
        }
    }

    create(line) {
        const element = this.template.content.firstElementChild.cloneNode(true);
        element.dataset.id = line.id;
        if (line.order) this.listen(element, line.id);
        else element.replaceChildren(document.createElement("span"));
        this.list.append(element);
        return element;
    }

    listen(element, id) {
        const button = element.firstElementChild;
        const line = () => this.lines.find((one) => one.id === id);
        button.title = label("mark-how");
        button.addEventListener("keydown", (event) => this.onKey(event, line()));
        button.addEventListener("pointerdown", (event) => this.drag(event, button, line));
        button.addEventListener("click", () => this.amend(line()));
    }

    onKey(event, line) {
        if (event.key === "Escape") this.leave();
        if (!line || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
        event.preventDefault();
        const step = event.key === "ArrowUp" ? this.tick : `-${this.tick}`;
        let price = snap(this.priceOf(line), this.tick);
        for (let count = event.shiftKey ? FAR : 1; count; count -= 1) price = add(price, step);
        this.move(line, price);
    }

    /** Move a line to a price above zero. */
    move(line, price) {
        if (compareDecimals(price, "0") <= 0) return;
        if (compareDecimals(price, line.price) === 0) this.moved.delete(line.id);
        else this.moved.set(line.id, price);
        this.paint();
    }

    drag(event, button, line) {
        if (event.button !== 0) return;
        const start = event.clientY;
        const { top } = this.list.getBoundingClientRect();
        let dragged = false;
        const ended = new AbortController();
        const on = (type, listener) => button.addEventListener(type, listener, { signal: ended.signal });
        button.setPointerCapture(event.pointerId);
        on("pointermove", ({ clientY }) => {
            dragged ||= Math.abs(clientY - start) >= DRAG_PIXELS;
            const price = dragged && line() ? this.view.priceAt(clientY - top) : null;
            if (price !== null) this.move(line(), snap(price, this.tick));
        });
        on("pointercancel", () => { ended.abort(); this.leave(); });
        on("pointerup", () => ended.abort()); // the click that follows amends
    }

    /** Open the page that amends the order, with the price that it was moved to. */
    amend(line) {
        if (!line) return;
        const link = document.createElement("a");
        link.href = `/orders/${line.order}/amend/?${new URLSearchParams({ [line.field]: this.priceOf(line) })}`;
        link.dataset.dialog = "";
        link.hidden = true;
        this.list.append(link);
        link.click();
        link.remove();
    }
}
