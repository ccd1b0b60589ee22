// Elements and small drawings, made without markup: the pages forbid turning text into it (Trusted Types).

const SVG = "http://www.w3.org/2000/svg";

/** @type {Record<string, {d: string, filled?: boolean}>} */
const DRAWN = {
  play: { d: "M8 5.5v13l10.5-6.5Z", filled: true },
  pause: { d: "M8.5 6v12M15.5 6v12" },
  check: { d: "M5 12.5 10 17.5 19.5 7" },
  cross: { d: "M6 6l12 12M18 6 6 18" },
};

/**
 * Make an element.
 * @param {string} tag
 * @param {Record<string, string>} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElement}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/**
 * Make an SVG element.
 * @param {string} tag
 * @param {Record<string, string>} attributes
 * @returns {SVGElement}
 */
export function draw(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

/**
 * Draw one of the marks, in the colour of the text around it.
 * @param {string} name
 * @returns {SVGElement}
 */
export function mark(name) {
  const { d, filled } = DRAWN[name];
  const svg = draw("svg", {
    class: "mark", viewBox: "0 0 24 24", width: "22", height: "22", "aria-hidden": "true", focusable: "false",
    fill: "none", stroke: "currentColor", "stroke-width": name === "pause" ? "3" : "1.8",
    "stroke-linecap": "round", "stroke-linejoin": "round",
  });
  svg.append(draw("path", filled ? { d, fill: "currentColor" } : { d }));
  return svg;
}
