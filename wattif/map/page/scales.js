// Colors of transformers: sequential schemes of ColorBrewer (colorbrewer2.org), which it marks as safe for the color-blind.

const YL_OR_RD = ["#ffffb2", "#fed976", "#feb24c", "#fd8d3c", "#f03b20", "#bd0026"];
const YL_GN_BU = ["#ffffcc", "#c7e9b4", "#7fcdbb", "#41b6c4", "#2c7fb8", "#253494"];

/** What a color can tell. A class reaches up to its limit, which it includes; the last has none. */
const SCALES = {
  utilization: {
    of: "utilization",
    label: "Utilization",
    title: "Utilization at the peak",
    colors: YL_OR_RD,
    limits: [0.2, 0.4, 0.6, 0.8, 1],
    from: 0,
  },
  share: {
    of: "labelled",
    label: "Meters with a label",
    title: "Share of meters with a label",
    colors: YL_GN_BU,
    limits: [0, 0.05, 0.1, 0.2, 0.4],
    from: null,
  },
};

function classOf(scale, value) {
  return scale.limits.filter((limit) => value > limit).length;
}

/** The texts of a scale's legend: "0 %", "0–5 %", "over 40 %". */
function classTexts({ limits, from }) {
  const percents = limits.map((limit) => shown(limit * 100, 0));
  const first = from === null ? `${percents[0]} %` : `${from}–${percents[0]} %`;
  const between = percents.slice(1).map((percent, place) => `${percents[place]}–${percent} %`);
  return [first, ...between, `over ${percents.at(-1)} %`];
}

/** Black or white: what is easier to read on *color*, by the relative luminance of WCAG 2. */
function inkOn(color) {
  const parts = [1, 3, 5].map((begin) => parseInt(color.slice(begin, begin + 2), 16) / 255);
  const [red, green, blue] = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000000" : "#ffffff";
}

/** The legend of *scale*, for a control of the map. */
function legendOf(scale) {
  const rows = classTexts(scale).map((text, place) => {
    const sample = element("span");
    sample.style.backgroundColor = scale.colors[place];
    return element("li", {}, sample, text);
  });
  return element(
    "div",
    {},
    element("h2", {}, scale.title),
    element("ul", {}, ...rows),
    element("p", {}, "A number: so many transformers, in the color of their mean; ! or a dark red ring: overloaded."),
  );
}
