// Elements of the page. Texts of the data become text nodes or attributes, never HTML.

/** An element with *attributes* and *children*: elements, texts, or nothing. */
function element(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

/** The same in an SVG picture. */
function drawn(name, attributes = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function filled(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

function byId(id) {
  return document.getElementById(id);
}

/** Say what went wrong in place of the map. */
function fail(text) {
  byId("message").textContent = text;
  byId("message").hidden = false;
  byId("map").hidden = true;
}
