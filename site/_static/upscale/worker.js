// What computes, away from the page, so that the page stays responsive. One question at
// a time: the page posts a message with a `kind`, the worker posts `{result}` or
// `{error}`.

import { cut } from "./pixels.js";
import { resize } from "./resize.js";

const sessions = new Map(); // from the name of a network

/** Start ONNX Runtime from its parts: a script, the code beside it, and WebAssembly. */
function start({ script, glue, wasm }) {
  importScripts(address(script));
  ort.env.logLevel = "error";
  ort.env.wasm.numThreads = 1; // more need headers that a plain web host doesn't send
  ort.env.wasm.wasmPaths = { mjs: address(glue) };
  ort.env.wasm.wasmBinary = wasm;
}

/** A URL for the bytes of a script, which works from `file:` too. */
function address(bytes) {
  return URL.createObjectURL(new Blob([bytes], { type: "text/javascript" }));
}

/** Make a network ready, on "webgpu" or "wasm". */
async function load({ name, device, onnx }) {
  if (sessions.has(name)) return;
  const options = { executionProviders: [device] };
  sessions.set(name, await ort.InferenceSession.create(onnx, options));
}

/** Enlarge a window with a network, or by bicubic, and return what is kept, RGBA. */
async function enlarge({ method, scale, image, kept, gray }) {
  if (method === "bicubic") return cut(resize(image, scale), kept);
  const { width, height, data } = image;
  const session = sessions.get(method);
  const low = new ort.Tensor("float32", toFloats(data), [1, height, width, 3]);
  const [high] = Object.values(await session.run({ [session.inputNames[0]]: low }));
  const large = toBytes(high.data, gray);
  high.dispose();
  return cut({ width: width * scale, data: large }, kept);
}

/** RGBA of 0 to 255 as RGB of 0 to 1. */
function toFloats(rgba) {
  const rgb = new Float32Array((rgba.length / 4) * 3);
  for (let i = 0, j = 0; i < rgba.length; i += 4) {
    for (let channel = 0; channel < 3; channel++) rgb[j++] = rgba[i + channel] / 255;
  }
  return rgb;
}

/** RGB of 0 to 1 as RGBA, clipped and rounded; gray stays gray. */
function toBytes(rgb, gray) {
  const rgba = new Uint8ClampedArray((rgb.length / 3) * 4).fill(255);
  const clip = (value) => Math.min(Math.max(value, 0), 1);
  for (let i = 0, j = 0; i < rgb.length; i += 3, j += 4) {
    const color = [clip(rgb[i]), clip(rgb[i + 1]), clip(rgb[i + 2])];
    const mean = (color[0] + color[1] + color[2]) / 3;
    for (let channel = 0; channel < 3; channel++) {
      rgba[j + channel] = Math.floor((gray ? mean : color[channel]) * 255 + 0.5);
    }
  }
  return rgba;
}

/** Make an image `down` times smaller, antialiased. */
function reduce({ image, down }) {
  return resize(image, 1, down);
}

const ANSWERS = { start, load, enlarge, reduce };

self.onmessage = async ({ data: question }) => {
  try {
    const result = await ANSWERS[question.kind](question);
    self.postMessage({ result }, result ? [result.data.buffer] : []);
  } catch (error) {
    self.postMessage({ error: String(error?.message ?? error) });
  }
};
