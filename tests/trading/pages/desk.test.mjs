/** Keys and settings of the desk. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { KeptSettings } from "../../../trading/static/trading/kept_settings.js";
import { isShortcut } from "../../../trading/static/trading/shortcuts.js";

const pressed = (more = {}, field = null) => ({ key: "b", target: { closest: () => field }, ...more });

test("a key alone is a shortcut", () => {
    assert.equal(isShortcut(pressed()), true);
    assert.equal(isShortcut(pressed({ shiftKey: true })), true); // a question mark needs it
    assert.equal(isShortcut({ key: "b", target: {} }), true); // the document itself has no `closest`
});

for (const more of ["ctrlKey", "metaKey", "altKey", "repeat", "isComposing", "defaultPrevented"]) {
    test(`with ${more} it is none`, () => assert.equal(isShortcut(pressed({ [more]: true })), false));
}

test("a key in a field is none", () => {
    assert.equal(isShortcut(pressed({}, {})), false);
});

function storage(text = null) {
    return {
        text,
        getItem() { return this.text; },
        setItem(key, value) { this.text = value; },
    };
}

test("a setting is kept, and read by the next page", () => {
    const kept = storage();
    new KeptSettings(kept).set("toast-fill", false);
    assert.equal(new KeptSettings(kept).get("toast-fill", true), false);
    assert.equal(new KeptSettings(kept).get("toast-cancel", true), true);
});

for (const text of ["", "nonsense", "[1]", "null", "7"]) {
    test(`what is kept as ${JSON.stringify(text)} is no settings`, () => {
        assert.equal(new KeptSettings(storage(text)).get("shortcuts", true), true);
    });
}

test("a browser that keeps nothing keeps it for the page", () => {
    const refuse = () => { throw new Error("QuotaExceededError"); };
    for (const none of [null, { getItem: refuse, setItem: refuse }]) {
        const settings = new KeptSettings(none);
        settings.set("shortcuts", false);
        assert.equal(settings.get("shortcuts", true), false);
    }
});
