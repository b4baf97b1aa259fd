/** The equity curve: drawn by Lightweight Charts from the page's own values, in the colours of the theme. */

import { formatValue } from "./figures.js";
import { BaselineSeries, ColorType, createChart, LineType } from "./vendor/lightweight-charts-5.2.1/lightweight-charts.standalone.production.mjs";

const place = document.getElementById("curve");
const points = JSON.parse(document.getElementById("points").textContent);
const { zone } = place.dataset;

const wholeTime = (seconds) => formatValue("time", seconds * 1000, zone);
const money = (value) => formatValue("money", value.toFixed(8), zone); // the exact ones are in the table

/** The mark of the axis: as much of the moment as the kind of mark needs (0 a year, 1 a month, 2 a day, else a time). */
function mark(seconds, kind) {
    const [date, time] = wholeTime(seconds).split(" ");
    return [date.slice(0, 4), date.slice(0, 7), date.slice(5)][kind] ?? time.slice(0, 5);
}

const chart = createChart(place, {
    autoSize: true,
    layout: { attributionLogo: false }, // it would add a style element; the page itself names TradingView
    localization: { priceFormatter: money, timeFormatter: wholeTime },
    timeScale: { timeVisible: true, tickMarkFormatter: mark, borderVisible: false },
    rightPriceScale: { borderVisible: false },
    handleScroll: { vertTouchDrag: false }, // the page scrolls below a finger
});
const series = chart.addSeries(BaselineSeries, {
    baseValue: { type: "price", price: Number(points[0].equity) },
    lineType: LineType.WithSteps, // without a new value it was as before
    lineWidth: 2,
});

/** Take the colours from the style sheet, which knows the theme and the reader's habit. */
function paint() {
    const style = getComputedStyle(document.documentElement);
    const color = (name) => style.getPropertyValue(name).trim();
    const [gain, loss, line] = [color("--gain"), color("--loss"), color("--bs-border-color")];
    chart.applyOptions({
        layout: {
            background: { type: ColorType.Solid, color: color("--bs-body-bg") },
            textColor: color("--bs-body-color"),
            fontFamily: getComputedStyle(document.body).fontFamily,
        },
        grid: { vertLines: { color: line }, horzLines: { color: line } },
    });
    const fill = "transparent";
    series.applyOptions({
        topLineColor: gain, topFillColor1: fill, topFillColor2: fill,
        bottomLineColor: loss, bottomFillColor1: fill, bottomFillColor2: fill,
    });
}

paint();
document.addEventListener("themechange", paint);
series.setData(points.map(({ at, equity }) => ({ time: at / 1000, value: Number(equity) })));
chart.timeScale().fitContent();
