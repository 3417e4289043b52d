// The page: the map, what is switched, and what is opened.

/** A box round all transformers and meters, a little larger. */
function boundsOf({ transformers, meters }) {
  const bounds = L.latLngBounds([]);
  for (const { latitude, longitude } of [transformers, meters]) {
    latitude.values.forEach((_, row) => bounds.extend([latitude.at(row), longitude.at(row)]));
  }
  return bounds.pad(0.04);
}

function makeMap(data, bounds) {
  const zoomAnimation = !matchMedia("(prefers-reduced-motion: reduce)").matches;
  const map = L.map("map", { maxZoom: 19, minZoom: 2, zoomSnap: 0.5, maxBounds: bounds.pad(1), zoomAnimation });
  map.attributionControl.setPrefix(false);
  if (data.tiles) {
    const attribution = element("span", {}, data.tiles.attribution).innerHTML; // as text
    L.tileLayer(data.tiles.url, { maxZoom: 19, attribution }).addTo(map);
  }
  L.control.scale({ imperial: false }).addTo(map);
  map.fitBounds(bounds);
  return map;
}

/** A control of the map that shows what is put into it. */
function legendControl(map) {
  const place = element("div");
  const control = L.control({ position: "bottomright" });
  const folded = matchMedia("(max-width: 760px)").matches ? {} : { open: "" };
  control.onAdd = () => element("details", { class: "legend", ...folded }, element("summary", {}, "Legend"), place);
  control.addTo(map);
  L.DomEvent.disableClickPropagation(control.getContainer());
  return place;
}

function addColors(choose) {
  Object.values(SCALES).forEach((scale, place) => {
    const input = element("input", { type: "radio", name: "color", ...(place ? {} : { checked: "" }) });
    input.addEventListener("change", () => choose(scale));
    byId("colors").append(element("label", {}, input, scale.label));
  });
}

function start(data) {
  const { transformers, meters, labels, months } = data;
  const labelled = meters.mac.values.reduce((sum, _, row) => sum + (labels.first.at(row) < labels.first.at(row + 1)), 0);
  byId("counts").textContent = [
    `${shown(transformers.zone_id.values.length, 0)} transformers`,
    `${shown(meters.mac.values.length, 0)} meters`,
    `${shown(labelled, 0)} with a label`,
    `${monthName(months[0])} to ${monthName(months.at(-1))}`,
  ].join(", ");
  const bounds = boundsOf(data);
  const map = makeMap(data, bounds);
  addZones(map, transformers, bounds, Boolean(data.tiles));
  const open = (row, meter = null) => {
    network.choose(row);
    panel.open(row, meter);
    map.invalidateSize();
  };
  const network = new Network(map, data, open);
  const panel = new Panel(data, () => {
    const row = network.chosen;
    network.choose(null);
    map.invalidateSize();
    network.focus(row);
  });
  new Search(data, (row, meter) => network.reveal(row, () => open(row, meter)));
  const heat = new Heat(map, meters, months.length);
  const legend = legendControl(map);
  const explain = () => legend.replaceChildren(legendOf(network.scale), ...(byId("heat").checked ? [heatLegend()] : []));
  addColors((scale) => {
    network.color(scale);
    explain();
  });
  byId("heat").addEventListener("change", ({ target }) => {
    heat.show(target.checked);
    explain();
  });
  document.addEventListener("keydown", ({ key }) => key === "Escape" && panel.close());
  explain();
  document.body.dataset.ready = "";
}

if (typeof DecompressionStream === "undefined") {
  fail("This browser cannot unpack the data of this page. Open it with Chrome or Edge 80, Firefox 113, Safari 16.4, or later.");
} else {
  start(await unpack(byId("data").textContent));
}
