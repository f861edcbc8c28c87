// Images as `{width, height, data}`: RGBA of 0 to 255, row by row.

/** A rectangle of an image, `{x, y, width, height}`, as an image of its own. */
export function cut({ width, data }, rectangle) {
  const { x, y, width: columns, height: rows } = rectangle;
  const part = new Uint8ClampedArray(rows * columns * 4);
  for (let row = 0; row < rows; row++) {
    const start = ((y + row) * width + x) * 4;
    part.set(data.subarray(start, start + columns * 4), row * columns * 4);
  }
  return { width: columns, height: rows, data: part };
}

/** Whether an image has no color at all. */
export function isGray({ data }) {
  for (let i = 0; i < data.length; i += 4) {
    if (data[i] !== data[i + 1] || data[i] !== data[i + 2]) return false;
  }
  return true;
}

/** A canvas that isn't in the page. */
export function newCanvas(width, height) {
  return Object.assign(document.createElement("canvas"), { width, height });
}
