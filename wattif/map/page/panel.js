// What is known of a transformer and its meters, beside the map or, on narrow screens, below it.

const METERS_AT_ONCE = 100;
const RISKS = ["High", "Medium", "Low"];

class Panel {
  constructor(data, closed) {
    this.data = data;
    this.closed = closed;
    this.place = byId("panel");
  }

  get isOpen() {
    return !this.place.hidden;
  }

  /** Show the transformer in *row*; *meter*: the row of one of its meters, which stands first, unfolded. */
  open(row, meter = null) {
    const title = element("h2", { id: "panel-title", tabindex: "-1" }, this.data.transformers.transformer_id.at(row));
    const close = element("button", { type: "button", "aria-label": "Close (Escape)" }, "Close");
    close.addEventListener("click", () => this.close());
    this.place.replaceChildren(
      element("div", { class: "top" }, title, close),
      this.figures(row),
      ...this.course(row),
      ...this.meters(row, meter),
    );
    this.place.hidden = false;
    this.place.scrollTop = 0;
    title.focus({ preventScroll: true });
    (this.place.querySelector("details[open]") ?? this.place).scrollIntoView({ block: "nearest" });
  }

  close() {
    if (this.isOpen) {
      this.place.hidden = true;
      this.closed();
    }
  }

  figures(row) {
    const { transformers, meters, labels, months } = this.data;
    const count = meters.first.at(row + 1) - meters.first.at(row);
    const labelled = labelledMeters(meters, labels, row);
    const share = count ? `, ${shown((labelled / count) * 100, 1)} %` : "";
    const figures = {
      Zone: transformers.zone_id.at(row),
      Capacity: `${transformers.capacity_kva.text(row)} kVA, ${counted(transformers.phases.at(row), "phase")}`,
      "Peak load": `${transformers.peak_load_kw.text(row)} kW`,
      Utilization: transformers.utilization.text(row, { percent: true }),
      Energy: `${transformers.load_kwh.text(row)} kWh in ${counted(months.length, "month")}`,
      Meters: shown(count, 0),
      "With a label": `${shown(labelled, 0)}${share}`,
    };
    const list = element("dl");
    for (const [name, text] of Object.entries(figures)) {
      list.append(element("dt", {}, name), element("dd", {}, text));
    }
    if (transformers.overloaded.at(row)) {
      list.append(element("dt", {}, "State"), element("dd", {}, element("span", { class: "chip overloaded" }, "overloaded")));
    }
    return list;
  }

  /** The transformer's months. */
  course(row) {
    const { transformers, months } = this.data;
    const at = (month) => row * months.length + month;
    const values = months.map((_, month) => transformers.monthly_utilization.at(at(month)));
    const texts = (month) => [
      transformers.monthly_load_kwh.text(at(month)),
      transformers.monthly_peak_kw.text(at(month)),
      transformers.monthly_utilization.text(at(month), { percent: true }),
    ];
    const label = `Utilization, ${span(months)}, see the table`;
    return [
      element("h3", {}, "Utilization by month"),
      sparkLine(values, label, { width: 360, height: 72, full: 1 }),
      element("p", { class: "note" }, `${span(months)}; dashed: 100 %`),
      element(
        "details",
        {},
        element("summary", {}, "Table of the months"),
        monthTable(months, ["Energy, kWh", "Peak, kW", "Utilization"], texts),
      ),
    ];
  }

  /** The list of meters, those with a label first, some at a time. */
  meters(row, chosen) {
    const { meters } = this.data;
    const rows = [];
    for (let meter = meters.first.at(row); meter < meters.first.at(row + 1); meter++) {
      rows.push(meter);
    }
    const rank = new Map(rows.map((meter) => [meter, meter === chosen ? -1 : this.rank(meter)]));
    rows.sort((one, other) => rank.get(one) - rank.get(other) || one - other);
    const list = element("ul", { class: "meters" });
    const more = element("button", { type: "button" }, "");
    const add = () => {
      list.append(...rows.splice(0, METERS_AT_ONCE).map((meter) => this.meter(meter, meter === chosen)));
      more.textContent = `Show more: ${shown(rows.length, 0)} left`;
      more.hidden = rows.length === 0;
    };
    more.addEventListener("click", add);
    const bands = "Months in kWh, over zero. Shaded: months with a label; these meters come first.";
    const parts = [element("h3", {}, `Meters (${shown(rows.length, 0)})`), element("p", { class: "note" }, bands), list, more];
    add();
    return parts;
  }

  /** The place of a meter in the list: by the highest risk of its labels. */
  rank(meter) {
    const risks = this.labelsOf(meter).map((label) => RISKS.indexOf(this.data.labels.risk_band.at(label)));
    return risks.length ? Math.min(...risks.map((risk) => (risk < 0 ? RISKS.length : risk))) : RISKS.length + 1;
  }

  labelsOf(meter) {
    const { first } = this.data.labels;
    const rows = [];
    for (let label = first.at(meter); label < first.at(meter + 1); label++) {
      rows.push(label);
    }
    return rows;
  }

  meter(meter, unfolded) {
    const { meters, months } = this.data;
    const at = (month) => meter * months.length + month;
    const values = months.map((_, month) => meters.monthly_consumption.at(at(month)));
    const labels = this.labelsOf(meter);
    const last = months.length - 1;
    const chips = labels.map((label) => this.chip(label));
    const item = element(
      "details",
      unfolded ? { open: "" } : {},
      element(
        "summary",
        {},
        element(
          "div",
          {},
          element("div", { class: "id" }, meters.meter_id.at(meter)),
          element(
            "div",
            { class: "note" },
            `${meters.customer_class.at(meter)}; ${monthName(months[last])}: ${meters.monthly_consumption.text(at(last))} kWh`,
          ),
          chips.length ? element("div", { class: "chips" }, ...chips) : null,
        ),
        sparkLine(values, `${counted(months.length, "month")} of ${meters.meter_id.at(meter)}, in kWh`, { bands: this.bands(labels) }),
      ),
    );
    const fill = () => {
      if (item.childElementCount === 1) {
        item.append(...this.more(meter, labels, at));
      }
    };
    item.addEventListener("toggle", fill);
    if (unfolded) {
      fill();
    }
    return element("li", {}, item);
  }

  chip(label) {
    const { kind, risk_band: risk } = this.data.labels;
    const known = RISKS.includes(risk.at(label)) ? ` ${risk.at(label)}` : "";
    return element("span", { class: `chip${known}` }, `${kind.at(label)}: ${risk.at(label)}`);
  }

  /** The months, as numbers from 0, that *labels* touch. */
  bands(labels) {
    const { start, end } = this.data.labels;
    const names = labels.map((label) => [start, end].map((column) => momentText(column.at(label)).slice(0, 7)));
    return [...this.data.months.keys()].filter((month) =>
      names.some(([from, to]) => from <= this.data.months[month] && this.data.months[month] <= to),
    );
  }

  /** What an unfolded meter shows. */
  more(meter, labels, at) {
    const { meters, months } = this.data;
    const texts = (month) => [meters.monthly_consumption.text(at(month))];
    return [
      element("dl", {}, element("dt", {}, "MAC"), element("dd", { class: "mac" }, meters.mac.at(meter))),
      ...labels.map((label) => this.event(label)),
      monthTable(months, ["Energy, kWh"], texts),
    ];
  }

  event(label) {
    const { start, end, energy_kwh: energy, not_registered_kwh: lost } = this.data.labels;
    return element(
      "dl",
      { class: "event" },
      element("dt", {}, "Label"),
      element("dd", {}, this.chip(label)),
      element("dt", {}, "From"),
      element("dd", {}, `${momentText(start.at(label))} UTC`),
      element("dt", {}, "To"),
      element("dd", {}, `${momentText(end.at(label))} UTC`),
      element("dt", {}, "Used"),
      element("dd", {}, `${energy.text(label)} kWh`),
      element("dt", {}, "Not registered"),
      element("dd", {}, `${lost.text(label)} kWh`),
    );
  }
}
