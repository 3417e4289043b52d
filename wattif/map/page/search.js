// Find a transformer or a meter by a part of its id, or of its MAC address.

const MOST_FOUND = 8;

/** The rows of *texts* that contain *wanted*, those that equal it first, then those that begin with it. */
function rowsWith(texts, wanted) {
  const found = [[], [], []];
  for (let row = 0; row < texts.length; row++) {
    const place = texts[row].indexOf(wanted);
    if (place >= 0) {
      found[texts[row] === wanted ? 0 : place === 0 ? 1 : 2].push(row);
    }
  }
  return found.flat().slice(0, MOST_FOUND);
}

function plainTexts(column, plain) {
  return Array.from(column.values, (_, row) => plain(column.at(row)));
}

const lower = (text) => text.toLowerCase();
const hexDigits = (text) => text.toLowerCase().replace(/[^0-9a-f]/g, "");

class Search {
  /** *open* is called with the row of a transformer and that of a meter, or null. */
  constructor(data, open) {
    this.data = data;
    this.open = open;
    this.plain = null; // texts as they are compared, made at the first search
    this.form = byId("search");
    this.input = byId("wanted");
    this.list = byId("found");
    this.input.addEventListener("input", () => this.suggest());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.suggest();
      this.list.querySelector("button")?.click();
    });
    this.form.addEventListener("keydown", (event) => this.move(event));
    this.form.addEventListener("focusout", ({ relatedTarget }) => {
      if (!this.form.contains(relatedTarget)) {
        this.list.hidden = true;
      }
    });
  }

  matches(wanted) {
    const { transformers, meters } = this.data;
    const owner = (meter) => ownerOf(meters.first.values, meter);
    this.plain ??= {
      transformers: plainTexts(transformers.transformer_id, lower),
      meters: plainTexts(meters.meter_id, lower),
      macs: plainTexts(meters.mac, hexDigits),
    };
    const found = rowsWith(this.plain.transformers, lower(wanted)).map((row) => ({
      text: transformers.transformer_id.at(row),
      about: "transformer",
      target: [row, null],
    }));
    const meter = (row) => ({ text: meters.meter_id.at(row), about: meters.mac.at(row), target: [owner(row), row] });
    found.push(...rowsWith(this.plain.meters, lower(wanted)).map(meter));
    const digits = hexDigits(wanted);
    if (digits.length >= 2 && /^[0-9a-f:.\s-]+$/i.test(wanted)) {
      found.push(...rowsWith(this.plain.macs, digits).map(meter));
    }
    return found.slice(0, MOST_FOUND);
  }

  suggest() {
    const wanted = this.input.value.trim();
    const found = wanted ? this.matches(wanted) : [];
    this.list.replaceChildren(
      ...found.map(({ text, about, target }) => {
        const button = element("button", { type: "button" }, `${text} `, element("small", {}, about));
        button.addEventListener("click", () => {
          this.list.hidden = true;
          this.open(...target);
        });
        return element("li", {}, button);
      }),
    );
    this.list.hidden = found.length === 0;
    byId("found-none").textContent = wanted && !found.length ? `Nothing has ${wanted} in its id` : "";
  }

  move(event) {
    const stops = [this.input, ...this.list.querySelectorAll("button")];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && !this.list.hidden) {
      event.preventDefault();
      const place = stops.indexOf(document.activeElement) + step;
      stops[Math.max(0, Math.min(place, stops.length - 1))].focus();
    } else if (event.key === "Escape" && !this.list.hidden) {
      event.stopPropagation();
      this.list.hidden = true;
      this.input.focus();
    }
  }
}

/** The row of the transformer whose meters contain *meter*: the last one whose first meter is not after it. */
function ownerOf(firsts, meter) {
  let [low, high] = [0, firsts.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    [low, high] = firsts[middle] <= meter ? [middle, high] : [low, middle];
  }
  return low;
}
