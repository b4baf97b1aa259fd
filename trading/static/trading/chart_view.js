/**
 * The library's side of the chart. It takes floats, for drawing alone: what is read or sent is a decimal string, and
 * becomes a float here and nowhere else.
 */

import {
    CandlestickSeries, ColorType, createChart, createSeriesMarkers, CrosshairMode, LineStyle,
} from "./vendor/lightweight-charts-5.2.1/lightweight-charts.standalone.production.mjs";

const SECOND_MS = 1000;
const MOST_PLACES = 8; // of a price, as in the database
const BAR_PIXELS = 7; // of a candle, at first
const AHEAD = 4; // candles' room to the right of the newest
const STYLES = { order: LineStyle.Solid, trigger: LineStyle.Dashed, entry: LineStyle.Solid };

/** The chart as the page needs it: candles, lines and markers in, prices and times out. */
export class ChartView {
    /**
     * @param {HTMLElement} element
     * @param {object} told
     * @param {() => void} told.onView called whenever the chart is drawn anew: what lies above it may have to move
     * @param {(time: ?number) => void} told.onTime the candle under the pointer, milliseconds UTC, or null
     * @param {(price: string) => void} told.onPrice a price was clicked
     * @param {() => void} told.onOldest the oldest candle has come into view
     */
    constructor(element, { onView, onTime, onPrice, onOldest }) {
        this.element = element;
        this.lines = new Map(); // id -> the library's price line
        // Named in words below the chart, and from the start: the logo would bring an inline style sheet.
        this.chart = createChart(element, { autoSize: true, layout: { attributionLogo: false } });
        this.series = this.chart.addSeries(CandlestickSeries, { priceLineVisible: true, borderVisible: false });
        this.markers = createSeriesMarkers(this.series, []);
        this.series.attachPrimitive({ updateAllViews: onView });
        this.chart.subscribeCrosshairMove(({ time }) => onTime(time === undefined ? null : time * SECOND_MS));
        this.chart.subscribeClick(({ point, paneIndex }) => {
            const price = point && paneIndex === 0 ? this.priceAt(point.y) : null;
            if (price !== null) onPrice(price);
        });
        this.chart.timeScale().subscribeVisibleLogicalRangeChange((range) => range && range.from < 1 && onOldest());
        this.colour();
    }

    /** Take the page's colours, which may have changed. */
    colour() {
        const styles = getComputedStyle(this.element);
        const of = (name) => styles.getPropertyValue(name).trim();
        const [gain, loss, grid, text] = ["--gain", "--loss", "--bs-border-color", "--bs-secondary-color"].map(of);
        this.colours = { gain, loss, warning: of("--bs-warning"), "": text };
        this.chart.applyOptions({
            layout: {
                background: { type: ColorType.Solid, color: "transparent" },
                textColor: styles.color,
                fontFamily: styles.fontFamily,
                fontSize: 11,
            },
            grid: { vertLines: { color: of("--chart-grid") }, horzLines: { color: of("--chart-grid") } },
            crosshair: { mode: CrosshairMode.Normal },
            rightPriceScale: { borderColor: grid, scaleMargins: { top: 0.12, bottom: 0.08 } },
            timeScale: { borderColor: grid, timeVisible: true, secondsVisible: false, rightOffset: AHEAD },
            localization: { locale: document.documentElement.lang || "en" },
        });
        this.series.applyOptions({ upColor: gain, wickUpColor: gain, downColor: loss, wickDownColor: loss });
    }

    /** Write prices with the places of the symbol's tick. */
    setTick(tick) {
        const precision = tick.split(".")[1]?.length ?? 0;
        this.series.applyOptions({ priceFormat: { type: "price", precision, minMove: Number(tick) } });
    }

    /** Show these candles and no others; `anew`: of another symbol or interval, so from the newest on. */
    setCandles(candles, anew) {
        this.series.setData(candles.map(drawn));
        if (!anew) return;
        this.series.priceScale().applyOptions({ autoScale: true });
        const width = this.chart.timeScale().width() || this.element.clientWidth;
        this.chart.timeScale().setVisibleLogicalRange({
            from: candles.length - width / BAR_PIXELS, to: candles.length + AHEAD,
        });
    }

    /** Show the newest candle, which carries on or follows the last one. */
    update(candle) {
        this.series.update(drawn(candle));
    }

    setMarkers(markers) {
        this.markers.setMarkers(markers.map(({ time, side, text }) => ({
            time: time / SECOND_MS,
            position: side === "buy" ? "belowBar" : "aboveBar",
            shape: side === "buy" ? "arrowUp" : "arrowDown",
            color: side === "buy" ? this.colours.gain : this.colours.loss,
            text,
        })));
    }

    /** Draw these lines and no others; see chart_lines.js. */
    setLines(lines) {
        const wanted = new Set(lines.map(({ id }) => id));
        for (const [id, line] of this.lines) {
            if (wanted.has(id)) continue;
            this.series.removePriceLine(line);
            this.lines.delete(id);
        }
        for (const { id, kind, price, tone } of lines) {
            const options = {
                price: Number(price), color: this.colours[tone], lineWidth: 1, axisLabelVisible: false,
                lineStyle: STYLES[kind] ?? LineStyle.Dotted,
            };
            if (this.lines.has(id)) this.lines.get(id).applyOptions(options);
            else this.lines.set(id, this.series.createPriceLine(options));
        }
    }

    /** Where a price is, in pixels from the top, be it beyond the chart; null before there are candles. */
    heightOf(price) {
        return this.series.priceToCoordinate(Number(price));
    }

    /** The price at a height, as a decimal string that is not yet on any tick; null where there is none. */
    priceAt(y) {
        const price = this.series.coordinateToPrice(y);
        return price === null || price <= 0 ? null : price.toFixed(MOST_PLACES);
    }

    /** The size of the part with the candles, in pixels. */
    get pane() {
        const { width, height } = this.chart.paneSize();
        return { width, height };
    }
}

function drawn({ timestamp, open, high, low, close }) {
    return {
        time: timestamp / SECOND_MS, open: Number(open), high: Number(high), low: Number(low), close: Number(close),
    };
}
