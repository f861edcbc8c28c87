/* Comparisons: menus choose the methods on both sides of a divider, and a frame on the
   whole photograph chooses the place that is shown in all methods. */
"use strict";

const SIDE = 38; // of the frame, in pixels of the photograph
const ENLARGED = 4;
const STEP = 4; // of the arrow keys, in pixels of the photograph
const STEPS = {
  ArrowLeft: [-STEP, 0],
  ArrowRight: [STEP, 0],
  ArrowUp: [0, -STEP],
  ArrowDown: [0, STEP],
};

for (const comparison of document.querySelectorAll(".comparison")) {
  const shown = JSON.parse(comparison.querySelector("script").textContent);
  connectMenu(comparison, shown, "left", 1);
  connectMenu(comparison, shown, "right", 2);
  if (comparison.querySelector(".comparison-zoom")) connectZoom(comparison, shown);
}

function connectMenu(comparison, shown, side, slot) {
  const place = comparison.querySelector(`.comparison-${side}`);
  const image = comparison.querySelector(`[slot="image-${slot}"]`);
  place.querySelector("select").addEventListener("change", ({ target }) => {
    const { file, score } = shown.methods[target.value];
    image.src = file;
    image.alt = `${shown.name}, ${target.value}: ${score}`;
    place.querySelector("output").textContent = score;
  });
}

function connectZoom(comparison, shown) {
  const whole = comparison.querySelector(".comparison-whole");
  const list = comparison.querySelector(".comparison-crops");
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
  let [left, top] = [Number(whole.dataset.left), Number(whole.dataset.top)];

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
