/**
 * How values look: the script's side of templatetags/figures.py, exact on decimal strings (no floats).
 * tests/cases/figure_cases.json holds both to the same output.
 */

const ABSENT = "\u2013";
const MINUS = "\u2212";
const SIGNED = ["signed", "percent"];
// What stands between thousands, and before the decimals. pages/number_format.py has the same table.
const SEPARATORS = { comma_point: [",", "."], point_comma: [".", ","], space_comma: ["\u202f", ","] };

/** The reader's number format, which the page names; outside of a page, as in tests, there is none. */
const chosen = globalThis.document?.documentElement.dataset.numbers ?? "comma_point";

/** Round half-even to `places`, as a BigInt of value * 10**places. */
function scaled(text, places) {
    const [, minus, whole, fraction = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
    let units = BigInt(whole + fraction.slice(0, places).padEnd(places, "0"));
    const rest = fraction.slice(places);
    const half = "5".padEnd(rest.length, "0");
    if (rest > half || (rest === half && rest !== "" && units % 2n === 1n)) units += 1n;
    return minus ? -units : units;
}

function number(text, least, most, format) {
    const [thousands, mark] = SEPARATORS[format];
    const units = scaled(text, most);
    const digits = String(units < 0n ? -units : units).padStart(most + 1, "0");
    const whole = digits.slice(0, digits.length - most).replace(/\B(?=(\d{3})+$)/g, thousands);
    const places = digits.slice(digits.length - most).replace(/0+$/, "").padEnd(least, "0");
    return (units < 0n ? MINUS : "") + whole + (places ? mark + places : "");
}

function moment(milliseconds, zone) {
    const options = {
        timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit",
        hour: "2-digit", minute: "2-digit", second: "2-digit",
    };
    const parts = new Intl.DateTimeFormat("en-GB", options).formatToParts(milliseconds);
    const { year, month, day, hour, minute, second } = Object.fromEntries(parts.map(({ type, value }) => [type, value]));
    return `${year}-${month}-${day} ${hour}:${minute}:${second}`;
}

/** A decimal string times 100. */
function hundredfold(text) {
    const [, minus, whole, fraction = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
    const shifted = whole + fraction.slice(0, 2).padEnd(2, "0");
    return `${minus}${shifted}.${fraction.slice(2) || "0"}`;
}

const isAbsent = (value) => value === undefined || value === null || value === "";

/**
 * The sign of a decimal string as it is shown with two places.
 * @returns {"positive"|"negative"|"zero"}
 */
export function sign(value) {
    const units = isAbsent(value) ? 0n : scaled(String(value), 2);
    return units > 0n ? "positive" : units < 0n ? "negative" : "zero";
}

/**
 * The text of a value: kind is money, signed, percent, share, rate, price, amount, time or text; a dash for an absent one.
 * @param {string} kind
 * @param {string|number|null|undefined} value decimals as strings, times in milliseconds UTC
 * @param {string} [zone] the IANA zone of times
 * @param {string} [format] the number format, by its name among the preferences
 * @returns {string}
 */
export function formatValue(kind, value, zone = "UTC", format = chosen) {
    if (isAbsent(value)) return ABSENT;
    const text = String(value);
    if (kind === "time") return moment(value, zone);
    if (kind === "text") return text;
    if (kind === "price") return number(text, 2, /^-?0(\.|$)/.test(text) ? 8 : 4, format);
    if (kind === "amount") return number(text, 0, 8, format);
    if (kind === "rate") return `${number(hundredfold(text), 0, 6, format)}%`;
    const plus = SIGNED.includes(kind) && sign(text) === "positive" ? "+" : "";
    return plus + number(text, 2, 2, format) + (kind === "percent" || kind === "share" ? "%" : "");
}

/** The unrounded value, for the title of what is shown rounded. */
export function fullValue(kind, value) {
    if (isAbsent(value) || kind === "label" || kind === "text") return "";
    return kind === "time" ? new Date(value).toISOString() : String(value);
}
