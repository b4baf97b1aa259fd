/** A small line of closing prices on a canvas; floats are for the drawing alone. */

const LINE_WIDTH = 2; // of the canvas's own pixels, two to a pixel of the page

/**
 * Draw prices from the oldest to the newest; nothing where there are fewer than two.
 * @param {HTMLCanvasElement} canvas
 * @param {string[]} prices
 * @param {string} colour
 */
export function drawSparkline(canvas, prices, colour) {
    const context = canvas.getContext("2d");
    const { width, height } = canvas;
    context.clearRect(0, 0, width, height);
    if (prices.length < 2) return;
    const values = prices.map(Number);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const x = (index) => LINE_WIDTH + (index * (width - 2 * LINE_WIDTH)) / (values.length - 1);
    const y = (value) => height - LINE_WIDTH - ((value - low) / (high - low || 1)) * (height - 2 * LINE_WIDTH);
    context.beginPath();
    values.forEach((value, index) => context.lineTo(x(index), y(value)));
    context.strokeStyle = colour;
    context.lineWidth = LINE_WIDTH;
    context.lineJoin = "round";
    context.stroke();
    context.lineTo(x(values.length - 1), height);
    context.lineTo(x(0), height);
    context.globalAlpha = 0.12;
    context.fillStyle = colour;
    context.fill();
    context.globalAlpha = 1;
}
