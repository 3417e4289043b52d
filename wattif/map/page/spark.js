// Small pictures of months.

/** A line through *values*, one a month, over zero; *bands*: months behind which something happened. */
function sparkLine(values, label, { width = 120, height = 30, bands = [], full = null } = {}) {
  const most = Math.max(...values, full ?? 0) || 1;
  const least = Math.min(...values, 0);
  const step = width / values.length;
  const x = (month) => (month + 0.5) * step;
  const y = (value) => 2 + (height - 4) * (1 - (value - least) / (most - least));
  const level = (value, name) => drawn("line", { class: name, x1: 0, x2: width, y1: y(value), y2: y(value) });
  const points = values.map((value, month) => `${x(month).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
  const last = values.length - 1;
  return drawn(
    "svg",
    { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label },
    ...bands.map((month) => drawn("rect", { class: "band", x: month * step, y: 0, width: step, height })),
    level(0, "base"),
    full === null ? null : level(full, "full"),
    drawn("polyline", { class: "trace", points }),
    drawn("circle", { class: "end", cx: x(last), cy: y(values[last]), r: 2.5 }),
  );
}

/** "Jan 2024" */
function monthName(month) {
  const [year, number] = month.split("-");
  return new Date(Date.UTC(year, number - 1)).toLocaleString("en-US", {
    month: "short",
    year: "numeric",
    timeZone: "UTC",
  });
}

/** "Jan 2024 to Dec 2024" */
function span(months) {
  return months.length === 1 ? monthName(months[0]) : `${monthName(months[0])} to ${monthName(months.at(-1))}`;
}

/** "2024-03-01 14:05" of minutes since 1970 */
function momentText(minutes) {
  return new Date(minutes * 60_000).toISOString().slice(0, 16).replace("T", " ");
}

/** A table of months: a row each, with the texts of its figures. */
function monthTable(months, heads, textsOf) {
  return element(
    "table",
    {},
    element("thead", {}, element("tr", {}, ...["Month", ...heads].map(headCell))),
    element(
      "tbody",
      {},
      ...months.map((month, place) =>
        element(
          "tr",
          {},
          element("th", { scope: "row" }, monthName(month)),
          ...textsOf(place).map((text) => element("td", { class: "number" }, text)),
        ),
      ),
    ),
  );
}

function headCell(text, place) {
  return element("th", { scope: "col", class: place ? "number" : "" }, text);
}
