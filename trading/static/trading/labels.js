/** The page's words, by key: they come with the page, in the reader's language. */

const words = new Map(
    [...document.getElementById("labels").content.querySelectorAll("[data-label]")]
        .map((element) => [element.dataset.label, element.textContent]),
);

/**
 * The word for a key, with `{name}` replaced by the values; the key itself where there is none.
 * @param {string} key
 * @param {Object<string, *>} [values]
 */
export function label(key, values = {}) {
    return (words.get(key) ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}
