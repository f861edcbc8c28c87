// Large parts, loaded when they are needed. The build packs each as a script that hands
// over its files, compressed and in base64: scripts load from `file:` where `fetch` is
// forbidden.

import { FOLDER } from "./built.js";

const loaded = new Map(); // from a name to a promise of files
const receivers = new Map(); // from a name to who waits for it

globalThis.srUpscalePart = (name, files) => receivers.get(name)(files);

/**
 * The files of a part, loaded once.
 *
 * @param {string} name Such as "runtime-wasm" or "srgan_x4".
 * @returns {Promise<Object>} From the name of a file to a `Uint8Array`.
 */
export function part(name) {
  if (!loaded.has(name)) loaded.set(name, load(name));
  loaded.get(name).catch(() => loaded.delete(name)); // the next click tries again
  return loaded.get(name);
}

async function load(name) {
  const packed = await new Promise((resolve, reject) => {
    receivers.set(name, resolve);
    const script = document.createElement("script");
    script.src = `${FOLDER}${name}.js`;
    script.onerror = () => reject(new Error(unreachable(name)));
    document.head.append(script);
  });
  const files = Object.entries(packed).map(async ([file, text]) => [file, await unpack(text)]);
  return Object.fromEntries(await Promise.all(files));
}

function unreachable(name) {
  return `“${name}” couldn't be loaded. Check your connection, then try again.`;
}

/** The bytes of gzip in base64. */
async function unpack(text) {
  const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
