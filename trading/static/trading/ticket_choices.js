/**
 * A price or an instrument that is chosen anywhere on the page goes into the ticket. Whoever shows one says so on the
 * document: `pricechosen` {price, side?} and `symbolchosen` {symbol}, CustomEvents with decimal strings.
 */

/** Let the ticket take what is chosen, and let its own quote be chosen. */
export function keepChoices(form) {
    document.addEventListener("pricechosen", ({ detail }) => takePrice(form, detail));
    document.addEventListener("symbolchosen", ({ detail }) => takeSymbol(form, detail.symbol));
    form.addEventListener("click", (event) => {
        const price = event.target.closest("button[data-choose]")?.querySelector("[data-field]").title;
        if (price) document.dispatchEvent(new CustomEvent("pricechosen", { detail: { price } }));
    });
}

/** A market order becomes a limit order; a stop's price is its trigger. */
function takePrice(form, { price, side }) {
    const { type } = form.elements;
    if (type.value === "market") type.value = "limit";
    if (side) form.elements.side.value = side;
    const field = type.value === "stop_market" ? form.elements.trigger_price : form.elements.price;
    field.value = price;
    changed(field);
}

function takeSymbol(form, symbol) {
    const { symbol: field } = form.elements;
    if (field.value === symbol || ![...field.options].some((option) => option.value === symbol)) return;
    field.value = symbol;
    form.elements.price.value = form.elements.trigger_price.value = ""; // they were of the other instrument
    changed(field);
}

const changed = (field) => field.dispatchEvent(new Event("change", { bubbles: true }));
