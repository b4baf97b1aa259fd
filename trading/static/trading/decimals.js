/** Arithmetic on decimal strings, exact: they become whole numbers of their smallest place, never floats. */

const FORM = /^(-?)(\d+)(?:\.(\d+))?$/;

/** The value times 10**places, as a BigInt; what is beyond `places` is cut off. */
function units(text, places) {
    const [, minus, whole, fraction = ""] = FORM.exec(text);
    const scaled = BigInt(whole + fraction.slice(0, places).padEnd(places, "0"));
    return minus ? -scaled : scaled;
}

function text(scaled, places) {
    const digits = String(scaled < 0n ? -scaled : scaled).padStart(places + 1, "0");
    const fraction = digits.slice(digits.length - places).replace(/0+$/, "");
    const whole = digits.slice(0, digits.length - places);
    return (scaled < 0n ? "-" : "") + whole + (places && fraction ? `.${fraction}` : "");
}

const placesOf = (...values) => Math.max(...values.map((value) => value.split(".")[1]?.length ?? 0));

/** Negative, zero or positive, as `left` is below, equal to or above `right`. */
export function compareDecimals(left, right) {
    const places = placesOf(left, right);
    const difference = units(left, places) - units(right, places);
    return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** The larger of two decimal strings. */
export const larger = (left, right) => (compareDecimals(left, right) < 0 ? right : left);

/** The smaller of two decimal strings. */
export const smaller = (left, right) => (compareDecimals(left, right) > 0 ? right : left);

/** The sum of two decimal strings. */
export function add(left, right) {
    const places = placesOf(left, right);
    return text(units(left, places) + units(right, places), places);
}

/**
 * The multiple of `step` that is nearest to `value`, halves away from zero.
 * @param {string} value
 * @param {string} step above zero
 * @returns {string} canonical: no zeros at the end
 */
export function snap(value, step) {
    const places = placesOf(value, step);
    const [whole, size] = [units(value, places), units(step, places)];
    const steps = ((whole < 0n ? -whole : whole) * 2n + size) / (size * 2n);
    return text((whole < 0n ? -steps : steps) * size, places);
}

/**
 * How many percent `part` is of `whole`, with two places, rounded half to even; null where `whole` is not above zero.
 * The script's side of `margin_use` in pages/documents.py.
 */
export function percentOf(part, whole) {
    const places = placesOf(part, whole);
    const [above, below] = [units(part, places) * 10_000n, units(whole, places)];
    if (below <= 0n) return null;
    const [quotient, rest] = [above / below, (above % below) * 2n];
    const size = rest < 0n ? -rest : rest;
    const up = size > below || (size === below && quotient % 2n !== 0n);
    return text(quotient + (up ? (above < 0n ? -1n : 1n) : 0n), 2);
}
