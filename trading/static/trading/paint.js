/**
 * Painting once per frame: however many changes arrive between two frames, each panel is painted once, with the last.
 * In a hidden page there are no frames, so nothing is painted until somebody looks again.
 */

const waiting = new Map(); // key -> what paints it

/**
 * Paint before the next frame; of several calls with the same key before it, only the last.
 * @param {*} key what is painted, such as a panel's element
 * @param {() => void} paint
 */
export function paintOnce(key, paint) {
    if (!waiting.size) requestAnimationFrame(paintAll);
    waiting.set(key, paint);
}

function paintAll() {
    const now = [...waiting.values()];
    waiting.clear();
    for (const paint of now) {
        try {
            paint();
        } catch (error) {
            reportError(error); // one panel's mistake must not keep the others from being painted
        }
    }
}
