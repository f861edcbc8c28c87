/* Comparisons: menus choose the methods on both sides of a divider, and a frame on the
   whole photograph chooses the place that is shown in all methods. */
"use strict";

const SIDE = 40; // of the frame, in pixels of the photograph
const ENLARGED = 4;
const STEP = 4; // of the arrow keys, in pixels of the photograph
const STEPS = {
  ArrowLeft: [-STEP, 0],
  ArrowRight: [STEP, 0],
  ArrowUp: [0, -STEP],
  ArrowDown: [0, STEP],
};

for (const figure of document.querySelectorAll("figure.comparison")) {
  const shown = JSON.parse(figure.querySelector("script").textContent);
  connectMenu(figure, shown, "left", 1);
  connectMenu(figure, shown, "right", 2);
  if (figure.querySelector(".comparison-zoom")) connectZoom(figure, shown);
}

function connectMenu(figure, shown, side, slot) {
  const place = figure.querySelector(`.comparison-${side}`);
  const image = figure.querySelector(`[slot="image-${slot}"]`);
  place.querySelector("select").addEventListener("change", ({ target }) => {
    const { file, score } = shown.methods[target.value];
    image.src = file;
    image.alt = `${shown.name}, ${target.value}: ${score}`;
    place.querySelector("output").textContent = score;
  });
}

function connectZoom(figure, shown) {
  const whole = figure.querySelector(".comparison-whole");
  const list = figure.querySelector(".comparison-crops");
  const views = Object.entries(shown.methods).map(([method, { file, score }]) => {
    const crop = document.createElement("div");
    const view = document.createElement("div");
    const text = document.createElement("p");
    text.append(bold(method), document.createElement("br"), score);
    view.className = "comparison-view";
    view.role = "img";
    view.ariaLabel = `Part of ${shown.name}, ${method}`;
    view.style.backgroundImage = `url("${file}")`;
    view.style.backgroundSize = `${shown.width * ENLARGED}px auto`;
    crop.append(view, text);
    list.append(crop);
    return view;
  });
  let [left, top] = [(shown.width - SIDE) / 2, (shown.height - SIDE) / 2];

  function move(x, y) {
    left = Math.round(Math.min(Math.max(x, 0), shown.width - SIDE));
    top = Math.round(Math.min(Math.max(y, 0), shown.height - SIDE));
    whole.style.setProperty("--left", left / shown.width);
    whole.style.setProperty("--top", top / shown.height);
    for (const view of views) {
      view.style.backgroundPosition = `-${left * ENLARGED}px -${top * ENLARGED}px`;
    }
  }

  function follow({ clientX, clientY }) {
    const { x, y, width } = whole.getBoundingClientRect();
    const size = shown.width / width;
    move((clientX - x) * size - SIDE / 2, (clientY - y) * size - SIDE / 2);
  }

  whole.style.setProperty("--width", SIDE / shown.width);
  whole.style.setProperty("--height", SIDE / shown.height);
  whole.addEventListener("pointerdown", (event) => {
    whole.setPointerCapture(event.pointerId);
    follow(event);
  });
  whole.addEventListener("pointermove", (event) => {
    if (whole.hasPointerCapture(event.pointerId)) follow(event);
  });
  whole.addEventListener("keydown", (event) => {
    if (!(event.key in STEPS)) return;
    event.preventDefault();
    const [right, down] = STEPS[event.key];
    move(left + right, top + down);
  });
  move(left, top);
}

function bold(text) {
  const element = document.createElement("strong");
  element.textContent = text;
  return element;
}
