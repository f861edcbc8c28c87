// Two results behind a divider: the same part of both, at any zoom.

const TALLEST = 0.8; // part of the window's height

/** Draws what the reader chose: which results, how large, and which part. */
export class Comparison {
  #results = new Map(); // from a label to a canvas

  /** @param {Function} find Takes the name of a part of the page, returns its element. */
  constructor(find) {
    this.sides = [find("left"), find("right")];
    this.views = [find("view-left"), find("view-right")];
    this.zoom = find("zoom");
    this.across = find("across");
    this.down = find("down");
    this.moves = find("moves");
    this.frame = find("frame");
    for (const input of [...this.sides, this.zoom, this.across, this.down]) {
      input.addEventListener("input", () => this.draw());
    }
    const redraw = () => requestAnimationFrame(() => this.draw());
    new ResizeObserver(redraw).observe(this.frame);
  }

  /** Show results, a `Map` from a label to a canvas: the first beside the last. */
  show(results) {
    this.#results = results;
    const labels = [...results.keys()];
    this.sides.forEach((side, i) => {
      side.replaceChildren(...labels.map((label) => new Option(label)));
      side.selectedIndex = i * (labels.length - 1);
    });
    this.draw();
  }

  /** Draw both sides. */
  draw() {
    const results = this.sides.map((side) => this.#results.get(side.value));
    if (!results[0] || !this.frame.clientWidth) return;
    const part = this.#part(results[0]);
    this.moves.hidden = part.whole;
    this.views.forEach((view, i) => {
      paint(view, results[i], part);
      view.setAttribute("aria-label", `Enlarged with ${this.sides[i].value}`);
    });
  }

  /** What of a result is visible, in its pixels, and how large it is in the page. */
  #part({ width, height }) {
    const room = { width: this.frame.clientWidth, height: window.innerHeight * TALLEST };
    const fitting = Math.min(1, room.width / width, room.height / height);
    const zoom = Number(this.zoom.value) || fitting;
    const seen = {
      width: Math.min(width, Math.ceil(room.width / zoom)),
      height: Math.min(height, Math.ceil(room.height / zoom)),
    };
    const x = (width - seen.width) * (this.across.value / 100);
    const y = (height - seen.height) * (this.down.value / 100);
    const whole = seen.width === width && seen.height === height;
    return { x, y, ...seen, zoom, whole };
  }
}

/** Draw a part of a result on a canvas of the page, as sharp as the screen. */
function paint(view, result, { x, y, width, height, zoom }) {
  const wide = Math.floor(width * zoom);
  const high = Math.floor(height * zoom);
  view.width = wide * devicePixelRatio;
  view.height = high * devicePixelRatio;
  Object.assign(view.style, { width: `${wide}px`, height: `${high}px` });
  const context = view.getContext("2d");
  context.imageSmoothingEnabled = zoom < 1; // enlarged pixels stay squares
  context.imageSmoothingQuality = "high";
  context.drawImage(result, x, y, width, height, 0, 0, view.width, view.height);
}
