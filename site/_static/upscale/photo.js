// From a file to pixels. Errors are sentences for the reader.

import { newCanvas } from "./pixels.js";

// A result is four times as wide and high. A canvas holds 4096 x 4096 pixels on an iPhone,
// and 16384 along a side.
const MOST_PIXELS = 1024 * 1024;
const MOST_SIDE = 4096;
const PART = 512; // width of the part of a photograph that is too large, in pixels

/**
 * Decode a picture, upright, as the browser shows it.
 *
 * @param {string} address URL of a file or of data.
 * @param {string} name Of the file, for sentences.
 * @returns {Promise<HTMLImageElement>}
 */
export async function decode(address, name) {
  const image = new Image();
  image.src = address;
  const decoded = await image.decode().then(() => true, () => false);
  URL.revokeObjectURL(address);
  if (decoded && image.naturalWidth) return image;
  throw new Error(
    `“${name}” isn't a picture that this browser can read. ` +
      "Choose a JPEG, PNG, WebP or AVIF file.",
  );
}

/** A sentence about a picture that is too large to enlarge whole; "" if it isn't. */
export function tooLarge({ naturalWidth: width, naturalHeight: height }) {
  if (width * height <= MOST_PIXELS && Math.max(width, height) <= MOST_SIDE) return "";
  return (
    `This picture has ${size(width, height)} pixels. The page enlarges up to ` +
    `${MOST_PIXELS.toLocaleString("en")}, such as 1024 × 1024, and ` +
    `${MOST_SIDE.toLocaleString("en")} along a side. Choose what to enlarge:`
  );
}

/** The middle of a picture, at full sharpness: where it is. */
export function middle({ naturalWidth, naturalHeight }) {
  const width = Math.min(PART, naturalWidth);
  const height = Math.min(PART, naturalHeight);
  const x = Math.floor((naturalWidth - width) / 2);
  const y = Math.floor((naturalHeight - height) / 2);
  return { x, y, width, height };
}

/** How many times smaller a picture must become; 0 if no canvas could hold it at all. */
export function reduction({ naturalWidth: width, naturalHeight: height }) {
  const [pixels, side] = [width * height, Math.max(width, height)];
  if (pixels > 16 * MOST_PIXELS || side > 4 * MOST_SIDE) return 0;
  return Math.ceil(Math.max(Math.sqrt(pixels) / PART, side / MOST_SIDE));
}

/** Width and height as text. */
export function size(width, height) {
  return `${width} × ${height}`;
}

/**
 * The pixels of a picture, or of a part of it. Transparent parts lie over white.
 *
 * @returns {ImageData} sRGB.
 */
export function pixels(image, part = whole(image)) {
  const { x, y, width, height } = part;
  const canvas = newCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  checkReadable(context);
  context.drawImage(image, x, y, width, height, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
}

function whole({ naturalWidth, naturalHeight }) {
  return { x: 0, y: 0, width: naturalWidth, height: naturalHeight };
}

/** Against fingerprinting, some browsers give noise to a page that reads a picture. */
function checkReadable(white) {
  if (white.getImageData(0, 0, 1, 1).data.every((value) => value === 255)) return;
  throw new Error(
    "Your browser keeps this page from reading pictures, as a protection against " +
      "fingerprinting. Allow it for this page (nothing leaves your machine).",
  );
}
