/** Short tones, made here: there is no file. A browser lets a page sound only after somebody has used it. */

const TONES = {
    fill: [660, 880],
    partial: [660],
    cancel: [440],
    rejection: [330, 220],
    expiry: [440, 330],
    liquidation: [220, 165, 110],
}; // Hz, one after the other
const TONE_SECONDS = 0.12;
const LOUDNESS = 0.06;

let context = null;

/** Sound the tones of a kind of news. */
export function sound(kind) {
    context ??= new AudioContext();
    context.resume();
    TONES[kind].forEach((frequency, index) => tone(frequency, context.currentTime + index * TONE_SECONDS));
}

function tone(frequency, start) {
    const oscillator = new OscillatorNode(context, { frequency, type: "sine" });
    const volume = new GainNode(context, { gain: LOUDNESS });
    volume.gain.setValueAtTime(LOUDNESS, start);
    volume.gain.exponentialRampToValueAtTime(0.001, start + TONE_SECONDS); // cut off, it would click
    oscillator.connect(volume).connect(context.destination);
    oscillator.start(start);
    oscillator.stop(start + TONE_SECONDS);
}
