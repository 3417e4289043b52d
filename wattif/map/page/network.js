// The transformers on the map, gathered into clusters where they lie close together.

const TransformerIcon = L.DivIcon.extend({
  createIcon(old) {
    const made = L.DivIcon.prototype.createIcon.call(this, old);
    made.setAttribute("aria-label", this.options.label);
    made.title = this.options.label;
    return made;
  },
});

function circle(color, text, options) {
  const dot = element("span", { class: "dot", "aria-hidden": "true" }, text);
  dot.style.backgroundColor = color;
  dot.style.color = inkOn(color);
  return new TransformerIcon({ ...options, html: dot });
}

/** Markers and their colors; *open* is called with the row of the transformer that was chosen. */
class Network {
  constructor(map, data, open) {
    this.map = map;
    this.data = data;
    this.scale = SCALES.utilization;
    this.values = valuesOf(data);
    this.chosen = null;
    this.layer = L.markerClusterGroup({
      maxClusterRadius: 44,
      showCoverageOnHover: false,
      animate: map.options.zoomAnimation,
      iconCreateFunction: (cluster) => this.clusterIcon(cluster.getAllChildMarkers()),
    });
    this.markers = Array.from(data.transformers.transformer_id.values, (_, row) => {
      const place = [data.transformers.latitude.at(row), data.transformers.longitude.at(row)];
      const marker = L.marker(place, { icon: this.icon(row), riseOnHover: true });
      marker.row = row;
      return marker;
    });
    this.layer.on("click", ({ layer }) => open(layer.row));
    this.layer.on("keypress", ({ layer, originalEvent }) => {
      if (originalEvent.key === "Enter") {
        open(layer.row);
      }
    });
    // the cluster that had the focus is gone when it has opened
    this.layer.on("clusterkeypress", () => map.once("moveend", () => map.getContainer().focus()));
    this.layer.addLayers(this.markers).addTo(map);
    this.feeders = L.layerGroup().addTo(map);
  }

  /** What the colors tell of the transformers in *rows* together: of all meters, or the mean of the transformers. */
  value(rows) {
    const { parts, wholes } = this.values[this.scale.of];
    const sum = (values) => rows.reduce((total, row) => total + values[row], 0);
    return sum(parts) / (sum(wholes) || 1);
  }

  icon(row) {
    const value = this.value([row]);
    const color = this.scale.colors[classOf(this.scale, value)];
    const chosen = row === this.chosen ? " chosen" : "";
    const overloaded = this.data.transformers.overloaded.at(row) ? "!" : "";
    return circle(color, overloaded, {
      className: `place transformer${chosen}`,
      iconSize: [36, 36],
      label: `${this.data.transformers.transformer_id.at(row)}: ${this.scale.label.toLowerCase()} ${percentText(value)}`,
    });
  }

  clusterIcon(markers) {
    const rows = markers.map(({ row }) => row);
    const value = this.value(rows);
    const overloaded = rows.filter((row) => this.data.transformers.overloaded.at(row)).length;
    const size = rows.length < 10 ? 36 : rows.length < 100 ? 42 : 50;
    return circle(this.scale.colors[classOf(this.scale, value)], shown(rows.length, 0), {
      className: `place cluster${overloaded ? " overloaded" : ""}`,
      iconSize: [size, size],
      label:
        `${counted(rows.length, "transformer")}: ${this.scale.label.toLowerCase()} ${percentText(value)}` +
        (overloaded ? `, ${shown(overloaded, 0)} overloaded` : ""),
    });
  }

  color(scale) {
    this.scale = scale;
    this.markers.forEach((marker) => marker.setIcon(this.icon(marker.row)));
    this.layer.refreshClusters();
  }

  /** Mark the transformer in *row*, or none, and draw its meters. */
  choose(row) {
    const before = this.chosen;
    this.chosen = row;
    for (const each of [before, row].filter((one) => one !== null)) {
      this.markers[each].setIcon(this.icon(each));
    }
    this.feeders.clearLayers();
    if (row !== null) {
      this.drawMeters(row);
    }
  }

  drawMeters(row) {
    const { meters, labels } = this.data;
    const from = this.markers[row].getLatLng();
    for (let meter = meters.first.at(row); meter < meters.first.at(row + 1); meter++) {
      const place = [meters.latitude.at(meter), meters.longitude.at(meter)];
      const labelled = labels.first.at(meter) < labels.first.at(meter + 1);
      const look = { interactive: false, color: "#3a3f45", weight: 1 };
      L.polyline([from, place], { ...look, opacity: 0.35 }).addTo(this.feeders);
      L.circleMarker(place, { ...look, radius: 3.5, fillOpacity: 1, fillColor: labelled ? "#bd0026" : "#fff" }).addTo(
        this.feeders,
      );
    }
  }

  /** Bring a transformer into view, out of its cluster. */
  reveal(row, then) {
    this.layer.zoomToShowLayer(this.markers[row], then);
  }

  /** Give the focus to a transformer or, where it is in a cluster or out of sight, to the map. */
  focus(row) {
    (this.markers[row].getElement() ?? this.map.getContainer()).focus();
  }
}

function percentText(share) {
  return `${shown(share * 100, 1)} %`;
}

/** What colors tell of each transformer, as parts of wholes. */
function valuesOf({ transformers, meters, labels }) {
  const rows = Array.from(transformers.transformer_id.values, (_, row) => row);
  return {
    utilization: { parts: rows.map((row) => transformers.utilization.at(row)), wholes: rows.map(() => 1) },
    labelled: {
      parts: rows.map((row) => labelledMeters(meters, labels, row)),
      wholes: rows.map((row) => meters.first.at(row + 1) - meters.first.at(row)),
    },
  };
}

/** How many meters of a transformer have a label. */
function labelledMeters(meters, labels, row) {
  let count = 0;
  for (let meter = meters.first.at(row); meter < meters.first.at(row + 1); meter++) {
    count += labels.first.at(meter) < labels.first.at(meter + 1);
  }
  return count;
}
