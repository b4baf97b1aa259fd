/**
 * What one part of the page chooses for the others, as events of the document:
 *   symbolchosen {symbol}        the chart and the ticket show it
 *   pricechosen  {price, side}   for the ticket; a decimal string on the symbol's tick; side is buy, sell or absent
 */

/** Choose a symbol for the chart and the ticket. */
export function chooseSymbol(symbol) {
    document.dispatchEvent(new CustomEvent("symbolchosen", { detail: { symbol } }));
}

/** Take a price to the ticket. */
export function choosePrice(price, side) {
    document.dispatchEvent(new CustomEvent("pricechosen", { detail: side ? { price, side } : { price } }));
}

/** Call `listener` with each symbol that is chosen. */
export function onSymbolChosen(listener) {
    document.addEventListener("symbolchosen", ({ detail }) => listener(detail.symbol));
}
