// The picture below: each zone is the part of the map that is nearer to the center of its transformers than to others'.

const TINTS = ["#f7f3e9", "#ebf3ed", "#f1edf7", "#f8ece8", "#e9f0f6", "#f1f1e2", "#f4eaf0"];
const NAME_PX = 90; // a cell at least so wide has its name written in it

/** The zones: name, places of transformers, and the mean of these. Points of the map's projection, in meters. */
function zonesOf(transformers, crs) {
  const zones = transformers.zone_id.texts.map((name) => ({ name, points: [] }));
  transformers.zone_id.values.forEach((zone, row) => {
    zones[zone].points.push(crs.project(L.latLng(transformers.latitude.at(row), transformers.longitude.at(row))));
  });
  return zones.map((zone) => ({ ...zone, center: meanOf(zone.points) }));
}

function meanOf(points) {
  return points.reduce((sum, point) => sum.add(point), L.point(0, 0)).divideBy(points.length);
}

/** Draw the zones within *bounds*; only their borders where there are tiles. */
function addZones(map, transformers, bounds, hasTiles) {
  const { crs } = map.options;
  const zones = zonesOf(transformers, crs);
  const [low, high] = [crs.project(bounds.getSouthWest()), crs.project(bounds.getNorthEast())];
  const delaunay = d3.Delaunay.from(zones, ({ center }) => center.x, ({ center }) => center.y);
  const voronoi = delaunay.voronoi([low.x, low.y, high.x, high.y]);
  map.createPane("zones").style.zIndex = 250;
  map.createPane("names").style.zIndex = 550;
  const renderer = L.canvas({ pane: "zones", padding: 0.5 });
  const tints = [];
  const names = [];
  zones.forEach(({ name, points }, zone) => {
    const polygon = voronoi.cellPolygon(zone);
    if (polygon === null) {
      return; // the center of another zone is the same
    }
    const taken = new Set([...voronoi.neighbors(zone)].map((other) => tints[other]));
    tints[zone] = TINTS.find((tint) => !taken.has(tint)) ?? TINTS[0];
    const corners = polygon.map(([x, y]) => L.point(x, y));
    const look = { color: "#a49d8e", weight: 1, fillColor: tints[zone], fillOpacity: hasTiles ? 0 : 1 };
    const cell = L.polygon(
      corners.map((corner) => crs.unproject(corner)),
      { ...look, renderer, pane: "zones", interactive: false },
    ).addTo(map);
    const icon = L.divIcon({ className: "zone", html: element("span", {}, name), iconSize: [160, 16] });
    const place = crs.unproject(freePlace(corners, points));
    names.push({ cell, name: L.marker(place, { icon, pane: "names", interactive: false, keyboard: false }) });
  });
  const write = () => names.forEach(({ cell, name }) => writeName(map, cell, name));
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

function writeName(map, cell, name) {
  const bounds = cell.getBounds();
  const [west, east] = [bounds.getSouthWest(), bounds.getNorthEast()].map((corner) => map.latLngToLayerPoint(corner));
  if (east.x - west.x >= NAME_PX) {
    name.addTo(map);
  } else {
    name.remove();
  }
}
