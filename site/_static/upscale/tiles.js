// Tiles with overlap, as `sr_utils.tiling` cuts them (lesson 5): a network sees only so
// far, so a tile with that many pixels around it comes out right where it is kept.

/**
 * Cover a line of pixels with windows that are all equally wide.
 *
 * @param {number} size Pixels of the line.
 * @param {number} tile Width of what is kept of a window.
 * @param {number} overlap Pixels on each side that are cut off again.
 * @returns {Array} Of `{start, width, first, last}`: where a window starts and how wide
 *   it is; where what is kept of it starts and ends, in pixels of the line.
 */
export function spans(size, tile, overlap) {
  const width = Math.min(tile + 2 * overlap, size);
  const count = Math.max(1, Math.ceil((size - 2 * overlap) / tile));
  const starts = Array.from({ length: count }, (_, i) => Math.min(i * tile, size - width));
  return starts.map((start, i) => ({
    start,
    width,
    first: i ? start + overlap : 0,
    last: i + 1 < count ? starts[i + 1] + overlap : size,
  }));
}

/** The width up to `most` that cuts a line into as many tiles, all nearly the same. */
export function evenTile(size, most, overlap) {
  const inner = Math.max(1, size - 2 * overlap);
  return Math.ceil(inner / Math.ceil(inner / most));
}

/**
 * The tiles of an image, row by row.
 *
 * @returns {Array} Of `{row, column}`, spans.
 */
export function tiles(width, height, most, overlap) {
  const along = (size) => spans(size, evenTile(size, most, overlap), overlap);
  const columns = along(width);
  return along(height).flatMap((row) => columns.map((column) => ({ row, column })));
}
