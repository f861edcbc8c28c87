// A photograph, enlarged tile by tile.

import { SCALE, TILES } from "./built.js";
import { cut, newCanvas } from "./pixels.js";
import { tiles } from "./tiles.js";

/** The tiles for a method, `{name, radius}`, on the device of a pool. */
export function tilesFor({ width, height }, { radius }, { device }) {
  return tiles(width, height, TILES[device], radius);
}

/**
 * Enlarge an image with one method.
 *
 * @param {Pool} pool Workers that have the network.
 * @param {Object} photo Has `image`, RGBA, and `gray`.
 * @param {Object} method Has `name` and `radius`.
 * @param {Function} progress Called after each tile.
 * @returns {Promise<HTMLCanvasElement>} The result.
 */
export async function enlarge(pool, photo, method, progress) {
  const { image, gray } = photo;
  const canvas = newCanvas(image.width * SCALE, image.height * SCALE);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  await pool.askAll("enlarge", questions(image, gray, method, pool), ({ place }, core) => {
    const { data, width, height } = core;
    context.putImageData(new ImageData(data, width, height), place.x, place.y);
    progress();
  });
  return canvas;
}

function* questions(image, gray, method, pool) {
  for (const { row, column } of tilesFor(image, method, pool)) {
    yield {
      method: method.name,
      scale: SCALE,
      gray,
      image: cut(image, windowOf(row, column)),
      kept: keptOf(row, column),
      place: { x: column.first * SCALE, y: row.first * SCALE },
    };
  }
}

/** What of the image the network gets. */
function windowOf(row, column) {
  return { x: column.start, y: row.start, width: column.width, height: row.width };
}

/** What of the enlarged window is kept. */
function keptOf(row, column) {
  return {
    x: (column.first - column.start) * SCALE,
    y: (row.first - row.start) * SCALE,
    width: (column.last - column.first) * SCALE,
    height: (row.last - row.first) * SCALE,
  };
}
