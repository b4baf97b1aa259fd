/** A short tint of a figure that has changed: up, down, or neither. It moves nothing, and nobody who wants calm sees it. */

const DURATION_MS = 700;
const OPACITY = 0.18;
const TINTS = { up: "var(--gain)", down: "var(--loss)", other: "var(--bs-primary)" };

const calm = matchMedia("(prefers-reduced-motion: reduce)");
const underWay = new WeakMap(); // element -> its animation

/**
 * Tint an element for a moment; one that still is tinted goes on as it is.
 * @param {HTMLElement} element
 * @param {"up"|"down"|"other"} direction
 */
export function flash(element, direction) {
    if (calm.matches || underWay.get(element)?.playState === "running") return;
    const tint = `color-mix(in srgb, ${TINTS[direction]} ${OPACITY * 100}%, transparent)`;
    underWay.set(element, element.animate([{ backgroundColor: tint }, { backgroundColor: "transparent" }], DURATION_MS));
}
