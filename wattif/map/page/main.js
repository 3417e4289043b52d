// The page: the map, what is switched, and what is opened.

function makeMap(data, bounds) {
  const zoomAnimation = !matchMedia("(prefers-reduced-motion: reduce)").matches;
  const map = L.map("map", { maxZoom: 19, minZoom: 2, zoomSnap: 0.5, maxBounds: bounds.pad(1), zoomAnimation });
  map.attributionControl.setPrefix(false);
  map.createPane("zones").style.zIndex = 250; // below the circles, which are at 600
  map.createPane("names").style.zIndex = 550;
  if (data.tiles) {
    const attribution = element("span", {}, data.tiles.attribution).innerHTML; // as text
    L.tileLayer(data.tiles.url, { maxZoom: 19, attribution }).addTo(map);
  }
  L.control.scale({ imperial: false }).addTo(map);
  const legend = map.getSize().x > 800 ? 220 : 0; // pixels that it covers
  map.fitBounds(bounds, { paddingBottomRight: [legend, 0] });
  return map;
}

/** A control of the map that shows what is put into it. */
function legendControl(map) {
  const place = element("div");
  const control = L.control({ position: "bottomright" });
  const isBelow = getComputedStyle(document.querySelector("main")).flexDirection === "column"; // little room
  const unfolded = isBelow ? {} : { open: "" };
  control.onAdd = () => element("details", { class: "legend", ...unfolded }, element("summary", {}, "Legend"), place);
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
    counted(transformers.zone_id.values.length, "transformer"),
    counted(meters.mac.values.length, "meter"),
    `${shown(labelled, 0)} with a label`,
    span(months),
  ].join(", ");
  const boxes = cityBoxes(data);
  const map = makeMap(data, boxes.reduce((all, box) => all.extend(box), L.latLngBounds([])));
  boxes.forEach((box, city) => addZones(map, data, city, box));
  if (boxes.length > 1) {
    nameCities(map, transformers.city_id.texts, boxes);
  }
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
