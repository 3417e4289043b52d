// The data of the page, as wattif/map/payload.py packs it.

/** Figures, rounded once: whole numbers of their last shown decimal. */
class Figures {
  constructor(values, decimals) {
    this.values = values;
    this.decimals = decimals;
  }

  at(row) {
    return this.values[row] / 10 ** this.decimals;
  }

  /** As it is shown; *percent*: a share as percent, with two decimals fewer. */
  text(row, { percent = false } = {}) {
    return percent
      ? `${shown(this.values[row] / 10 ** (this.decimals - 2), this.decimals - 2)} %`
      : shown(this.at(row), this.decimals);
  }
}

/** Texts, each once, and which of them each row has. */
class Texts {
  constructor(values, texts) {
    this.values = values;
    this.texts = texts;
  }

  at(row) {
    return this.texts[this.values[row]];
  }
}

/** MAC addresses, which are stored as numbers of 48 bits. */
class Macs {
  constructor(values) {
    this.values = values;
  }

  at(row) {
    return this.values[row].toString(16).padStart(12, "0").toUpperCase().match(/../g).join(":");
  }
}

function shown(number, decimals) {
  return number.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

/** "1 meter", "2,000 meters" */
function counted(count, noun) {
  return `${shown(count, 0)} ${noun}${count === 1 ? "" : "s"}`;
}

/** The tables: `data.meters.mac.at(row)`; figures of months are those of the first row, then those of the next. */
async function unpack(text) {
  const deflated = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const stream = new Blob([deflated]).stream().pipeThrough(new DecompressionStream("deflate"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const length = new DataView(bytes.buffer).getUint32(0, true);
  const data = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  let begin = 4 + length;
  for (const { table, name, length: count, planes, decimals, texts, form } of data.arrays) {
    const values = numbers(bytes.subarray(begin, begin + count * planes), count, planes);
    data[table] ??= {};
    if (form === "mac") {
      data[table][name] = new Macs(values);
    } else {
      data[table][name] = texts ? new Texts(values, texts) : new Figures(values, decimals);
    }
    begin += count * planes;
  }
  return data;
}

/** The sums of zigzagged differences whose bytes lie in planes, lowest first. Exact up to 2^53. */
function numbers(bytes, count, planes) {
  const values = new Float64Array(count);
  let sum = 0;
  for (let row = 0; row < count; row++) {
    let zigzag = 0;
    for (let plane = planes - 1; plane >= 0; plane--) {
      zigzag = zigzag * 256 + bytes[plane * count + row];
    }
    sum += zigzag % 2 ? -(zigzag + 1) / 2 : zigzag / 2;
    values[row] = sum;
  }
  return values;
}
