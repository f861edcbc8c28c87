// Bicubic resizing as `sr_utils.resize` does it (lesson 1): for every pixel of the result
// a few weights, applied to columns and then to rows. Pixel centers lie at half-integers,
// a reduction widens the kernel, and beyond the border the image is reflected.

const RADIUS = 2; // of the kernel, in pixels
const CHANNELS = 4; // red, green, blue, alpha

/** Two cubic pieces with slope continuity, a = -0.5 (Keys 1981, eq. 15). */
function cubic(distance) {
  const x = Math.abs(distance);
  if (x <= 1) return 1.5 * x ** 3 - 2.5 * x ** 2 + 1;
  return x <= 2 ? -0.5 * x ** 3 + 2.5 * x ** 2 - 4 * x + 2 : 0;
}

/** Mirror an index beyond the border back inside: ... 2 1 0 | 0 1 2 ... */
function reflect(index, size) {
  const period = 2 * size;
  const inside = ((index % period) + period) % period;
  return Math.min(inside, period - 1 - inside);
}

/** What one pixel of the result mixes: a list of `[index, weight]`. */
function mixture(center, stretch, size) {
  const first = Math.ceil(center - RADIUS * stretch);
  const last = Math.floor(center + RADIUS * stretch);
  const taps = [];
  for (let i = first; i <= last; i++) taps.push([i, cubic((center - i) / stretch)]);
  const total = taps.reduce((sum, [, weight]) => sum + weight, 0);
  return taps.map(([i, weight]) => [reflect(i, size), weight / total]);
}

/**
 * The mixtures of a line of `size` pixels, resized by the factor `up / down`.
 *
 * @returns {Array} `ceil(size * up / down)` lists of `[index, weight]`.
 */
export function mixtures(size, up, down) {
  const stretch = Math.max(1, down / up);
  return Array.from({ length: Math.ceil((size * up) / down) }, (_, i) =>
    mixture((((2 * i + 1) * down) / up - 1) / 2, stretch, size),
  );
}

/** One row of the result, still as wide as the image, not rounded. */
function mixRows(pixels, length, taps, row) {
  row.fill(0);
  for (const [index, weight] of taps) {
    const start = index * length;
    for (let i = 0; i < length; i++) row[i] += weight * pixels[start + i];
  }
}

/** Resize a row and round it into `out`, which clamps to 0 to 255. */
function mixColumns(row, columns, out) {
  columns.forEach((taps, x) => {
    for (let channel = 0; channel < CHANNELS; channel++) {
      let sum = 0;
      for (const [index, weight] of taps) sum += weight * row[index * CHANNELS + channel];
      out[x * CHANNELS + channel] = Math.floor(sum + 0.5);
    }
  });
}

/**
 * Resize an image by the factor `up / down`, two whole numbers.
 *
 * @param {{width: number, height: number, data: Uint8ClampedArray}} image RGBA.
 * @returns The same, each side `ceil(side * up / down)` pixels long.
 */
export function resize({ width, height, data }, up, down = 1) {
  const rows = mixtures(height, up, down);
  const columns = mixtures(width, up, down);
  const length = columns.length * CHANNELS;
  const result = new Uint8ClampedArray(rows.length * length);
  const row = new Float64Array(width * CHANNELS);
  rows.forEach((taps, y) => {
    mixRows(data, row.length, taps, row);
    mixColumns(row, columns, result.subarray(y * length, (y + 1) * length));
  });
  return { width: columns.length, height: rows.length, data: result };
}
