// The picture below: each zone is the part of the map that is nearer to the center of its transformers than to others'.

const TINTS = ["#f7f3e9", "#ebf3ed", "#f1edf7", "#f8ece8", "#e9f0f6", "#f1f1e2", "#f4eaf0"];
const NAME_PX = 90; // a cell at least so wide has its name written in it

const LEAST_DEGREES = 0.001; // 100 m: a single place has no extent

/** A box round the transformers and meters of each city, a little larger. */
function cityBoxes({ transformers, meters }) {
  const boxes = transformers.city_id.texts.map(() => L.latLngBounds([]));
  const extend = (city, latitude, longitude) => {
    boxes[city].extend([latitude - LEAST_DEGREES, longitude - LEAST_DEGREES]);
    boxes[city].extend([latitude + LEAST_DEGREES, longitude + LEAST_DEGREES]);
  };
  transformers.city_id.values.forEach((city, row) => {
    extend(city, transformers.latitude.at(row), transformers.longitude.at(row));
    for (let meter = meters.first.at(row); meter < meters.first.at(row + 1); meter++) {
      extend(city, meters.latitude.at(meter), meters.longitude.at(meter));
    }
  });
  return boxes.map((box) => box.pad(0.04));
}

/** The zones of a city: name, places of transformers, and their mean. Points of the map's projection, in meters. */
function zonesOf(transformers, city, crs) {
  const zones = transformers.zone_id.texts.map((name) => ({ name, points: [] }));
  transformers.zone_id.values.forEach((zone, row) => {
    if (transformers.city_id.values[row] === city) {
      zones[zone].points.push(crs.project(L.latLng(transformers.latitude.at(row), transformers.longitude.at(row))));
    }
  });
  return zones.filter(({ points }) => points.length).map((zone) => ({ ...zone, center: meanOf(zone.points) }));
}

function meanOf(points) {
  return points.reduce((sum, point) => sum.add(point), L.point(0, 0)).divideBy(points.length);
}

/** Draw the zones of a city within its *box*; only their borders where there are tiles. */
function addZones(map, { transformers, tiles }, city, box) {
  const { crs } = map.options;
  const zones = zonesOf(transformers, city, crs);
  const [low, high] = [crs.project(box.getSouthWest()), crs.project(box.getNorthEast())];
  const delaunay = d3.Delaunay.from(zones, ({ center }) => center.x, ({ center }) => center.y);
  const voronoi = delaunay.voronoi([low.x, low.y, high.x, high.y]);
  const renderer = L.canvas({ pane: "zones", padding: 0.5 });
  const tints = [];
  zones.forEach(({ name, points }, zone) => {
    const polygon = voronoi.cellPolygon(zone);
    if (polygon === null) {
      return; // the center of another zone is the same
    }
    const taken = new Set([...voronoi.neighbors(zone)].map((other) => tints[other]));
    tints[zone] = TINTS.find((tint) => !taken.has(tint)) ?? TINTS[0];
    const corners = polygon.map(([x, y]) => L.point(x, y));
    const look = { color: "#a49d8e", weight: 1, fillColor: tints[zone], fillOpacity: tiles ? 0 : 1 };
    const cell = L.polygon(
      corners.map((corner) => crs.unproject(corner)),
      { ...look, renderer, pane: "zones", interactive: false },
    ).addTo(map);
    addName(map, name, crs.unproject(freePlace(corners, points)), (width) => width >= NAME_PX, cell.getBounds());
  });
}

/** Name each city beside its circle as long as its zones are too small to be named. */
function nameCities(map, names, boxes) {
  boxes.forEach((box, city) => addName(map, names[city], box.getCenter(), (width) => width < NAME_PX, box, "city"));
}

/** Write *name* at *place* whenever *fits* says so of the width of *box* in pixels. */
function addName(map, name, place, fits, box, kind = "") {
  const icon = L.divIcon({ className: `zone ${kind}`, html: element("span", {}, name), iconSize: [160, 16] });
  const label = L.marker(place, { icon, pane: "names", interactive: false, keyboard: false });
  const write = () => {
    const [west, east] = [box.getSouthWest(), box.getNorthEast()].map((corner) => map.latLngToLayerPoint(corner));
    if (fits(east.x - west.x)) {
      label.addTo(map);
    } else {
      label.remove();
    }
  };
  map.on("zoomend", write);
  write();
}

/** A place within *corners* for a name, far from *points*; names are wider than high, so that sideways counts less. */
function freePlace(corners, points) {
  const middle = meanOf(corners.slice(1)); // the last is the first again
  const places = corners.flatMap((corner) => [0, 0.2, 0.4].map((part) => middle.add(corner.subtract(middle).multiplyBy(part))));
  const room = (place) => Math.min(...points.map((point) => Math.hypot((point.x - place.x) / 3, point.y - place.y)));
  const rooms = places.map(room);
  return places[rooms.indexOf(Math.max(...rooms))];
}
