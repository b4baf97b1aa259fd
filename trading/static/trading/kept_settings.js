/** What the reader has chosen on this machine. Where the browser keeps nothing, it holds for the page. */

const KEY = "trading.settings";

/** Named settings, kept as one JSON object. `storage` is localStorage, or null where that is forbidden. */
export class KeptSettings {
    constructor(storage = browserStorage()) {
        this.storage = storage;
        this.values = read(storage);
    }

    /** The value of a setting, or `otherwise` where none was chosen. */
    get(name, otherwise) {
        return this.values[name] ?? otherwise;
    }

    /** Choose a value; any that JSON can hold. */
    set(name, value) {
        this.values[name] = value;
        try {
            this.storage?.setItem(KEY, JSON.stringify(this.values));
        } catch {
            // Full or forbidden: it holds until the page is left.
        }
    }
}

/** Let a checkbox show a setting that is on or off, and change it. */
export function keepSwitch(checkbox, settings, name, otherwise) {
    checkbox.checked = settings.get(name, otherwise);
    checkbox.addEventListener("change", () => settings.set(name, checkbox.checked));
}

function browserStorage() {
    try {
        return globalThis.localStorage ?? null;
    } catch {
        return null; // cookies and all are blocked
    }
}

function read(storage) {
    try {
        const values = JSON.parse(storage?.getItem(KEY) ?? "{}");
        return typeof values === "object" && values !== null && !Array.isArray(values) ? values : {};
    } catch {
        return {};
    }
}
