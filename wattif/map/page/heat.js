// Where energy is used: the mean month of each meter at its place, as leaflet.heat draws it.

// Colors of viridis (matplotlib), from its light end to its dark one: more is darker, on a light map.
const VIRIDIS = { 0.1: "#fde725", 0.3: "#7ad151", 0.5: "#22a884", 0.7: "#2a788e", 0.85: "#414487", 1: "#440154" };
const RADIUS_PX = 18;

class Heat {
  constructor(map, meters, months) {
    this.map = map;
    this.points = Array.from(meters.mac.values, (_, row) => {
      let energy = 0;
      for (let month = 0; month < months; month++) {
        energy += meters.monthly_consumption.at(row * months + month);
      }
      return [meters.latitude.at(row), meters.longitude.at(row), Math.max(energy, 0) / months];
    });
    this.layer = L.heatLayer(this.points, {
      radius: RADIUS_PX,
      blur: RADIUS_PX,
      gradient: VIRIDIS,
      minOpacity: 0.15,
    });
    this.rescale = this.rescale.bind(this);
  }

  show(shown) {
    this.map.off("zoomend", this.rescale);
    if (shown) {
      this.layer.addTo(this.map);
      this.map.on("zoomend", this.rescale);
      this.rescale();
    } else {
      this.layer.remove();
    }
  }

  /** Let the darkest color be the most energy at this zoom, in a square as large as leaflet.heat sums up. */
  rescale() {
    const zoom = this.map.getZoom();
    const sums = new Map();
    let most = 0;
    for (const [latitude, longitude, energy] of this.points) {
      const point = this.map.project([latitude, longitude], zoom).divideBy(RADIUS_PX).floor();
      const key = point.x * 2 ** 26 + point.y;
      const sum = (sums.get(key) ?? 0) + energy;
      sums.set(key, sum);
      most = Math.max(most, sum);
    }
    this.layer.setOptions({ max: most || 1, maxZoom: zoom });
  }
}

function heatLegend() {
  const ramp = element("div", { class: "ramp" });
  const stops = Object.keys(VIRIDIS).sort((one, other) => one - other);
  ramp.style.background = `linear-gradient(to right, ${stops.map((stop) => `${VIRIDIS[stop]} ${stop * 100}%`).join(", ")})`;
  return element(
    "div",
    {},
    element("h2", {}, "Demand, mean month"),
    ramp,
    element("p", {}, "Relative: dark is the most in any area at this zoom."),
  );
}
