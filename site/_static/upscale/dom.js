// Short words for what the page does with its elements.

/** The element `upscale-NAME`. */
export const find = (name) => document.getElementById(`upscale-${name}`);

/** A new element with properties and content. */
export function element(tag, properties, ...content) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...content);
  return made;
}

/** A button that does something when it is pressed. */
export function button(action, ...content) {
  const made = element("button", { type: "button" }, ...content);
  made.addEventListener("click", action);
  return made;
}

/** Tell the reader how it goes; screen readers read it out. */
export function say(text) {
  find("status").textContent = text;
}

/** Tell the reader what is wrong; "" takes it back. */
export function complain(text) {
  find("problem").textContent = text;
}

/** Show an RGBA image on a canvas of the page. */
export function show(canvas, { width, height, data }) {
  Object.assign(canvas, { width, height });
  canvas.getContext("2d").putImageData(new ImageData(data, width, height), 0, 0);
}
