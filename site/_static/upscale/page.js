// The page "Enlarge your photograph": what the reader does, and what happens then.

import { BICUBIC, NETWORKS, SCALE, SIZES } from "./built.js";
import { offerChoice } from "./choose.js";
import { Comparison } from "./compare.js";
import { button, complain, element, find, say, show } from "./dom.js";
import { enlarge, tilesFor } from "./enlarge.js";
import { size } from "./photo.js";
import { isGray } from "./pixels.js";
import { Pool, Stopped } from "./pool.js";

let photo = null; // {name, image, gray}
let pool = null; // of workers, as long as they may be needed again
let comparison = null;

/** Make the page ready. */
function begin() {
  comparison = new Comparison(find);
  find("networks").append(...NETWORKS.map(networkChoice));
  find("go").addEventListener("click", () => busy(run));
  find("cancel").addEventListener("click", () => pool?.stop());
  find("device").addEventListener("change", release);
  find("device").addEventListener("change", tellSize);
  offerChoice(use, reduce);
  offerGraphicsCard().then(tellSize);
  find("missing").hidden = true;
  find("tool").hidden = false;
  if (lacking()) doWithoutNetworks();
}

function networkChoice({ name, label, note, bytes }) {
  const box = element("input", { type: "checkbox", value: name, checked: true });
  return element("label", {}, box, ` ${label}: ${note} (${megabytes(bytes)})`);
}

function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Offer WebGPU where there is some; a graphics card that is only emulated is slower. */
async function offerGraphicsCard() {
  const adapter = await navigator.gpu?.requestAdapter().catch(() => null);
  find("devices").hidden = !adapter;
  find("device").value = adapter && !adapter.info?.isFallbackAdapter ? "webgpu" : "wasm";
}

/** Say what the first click loads. */
function tellSize() {
  const runtime = megabytes(SIZES[find("device").value]);
  const text = `The first click also loads ONNX Runtime, ${runtime}.`;
  find("about").textContent = lacking() || text;
}

/** Why this browser can't run networks, a sentence; "" if it can. */
function lacking() {
  if ("WebAssembly" in globalThis && "DecompressionStream" in globalThis) return "";
  return (
    "This browser can't run the networks: it has no WebAssembly, or is older than 2023. " +
    "Bicubic enlargement works."
  );
}

/** Offer bicubic alone, and say why. */
function doWithoutNetworks() {
  for (const box of find("networks").querySelectorAll("input")) box.checked = false;
  find("networks").disabled = true;
  complain(lacking());
}

/** Take an image as the photograph to enlarge. */
function use(name, image) {
  photo = { name, image, gray: isGray(image) };
  complain("");
  find("parts").replaceChildren();
  find("chosen").hidden = false;
  show(find("preview"), image);
  find("preview").setAttribute("aria-label", `The photograph ${name}`);
  const large = size(image.width * SCALE, image.height * SCALE);
  say(`${name} has ${size(image.width, image.height)} pixels and will have ${large}.`);
}

/** Make an image smaller in a worker. */
async function reduce(image, down) {
  let small = null;
  await busy(async () => {
    say("Making it smaller …");
    await workers().askAll("reduce", [{ image, down }], (_, made) => (small = made));
  });
  return small;
}

/** Do something during which nothing but "Cancel" can be pressed. */
async function busy(work) {
  const controls = find("tool").querySelectorAll("input, button, select");
  const cancel = find("cancel");
  complain("");
  for (const control of controls) control.disabled = control !== cancel;
  cancel.hidden = false;
  cancel.focus({ preventScroll: true });
  try {
    await work();
  } catch (error) {
    release();
    if (error instanceof Stopped) say("Cancelled.");
    else complain(`It failed: ${error.message}`);
  } finally {
    for (const control of controls) control.disabled = false;
    cancel.hidden = find("working").hidden = true;
    find("go").focus({ preventScroll: true });
  }
}

/** Enlarge the photograph with bicubic and the networks that are chosen. */
async function run() {
  const chosen = [...find("networks").querySelectorAll("input:checked")];
  const names = chosen.map((box) => box.value);
  const methods = [BICUBIC, ...NETWORKS.filter(({ name }) => names.includes(name))];
  const started = performance.now();
  const results = new Map(); // from a method to a canvas
  find("results").hidden = true;
  find("working").hidden = false;
  for (const method of methods) {
    await ready(method);
    const step = progress(method, tilesFor(photo.image, method, workers()).length);
    results.set(method, await enlarge(workers(), photo, method, step));
  }
  present(results);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  say(`Enlarged in ${seconds} seconds.`);
}

/** Make the workers ready for a method. What a graphics card can't, the processor can. */
async function ready({ name, label }) {
  if (name === BICUBIC.name) return;
  say(`Loading ${label} …`);
  try {
    await workers().prepare(name);
  } catch (error) {
    if (error instanceof Stopped || pool.device !== "webgpu") throw error;
    complain(`The graphics card can't run it, the processor does. (${error.message})`);
    release();
    find("device").value = "wasm";
    await workers().prepare(name);
  }
  say(`Enlarging with ${label} …`);
}

/** The workers, made when they are first needed. */
function workers() {
  pool ??= new Pool(find("device").value);
  return pool;
}

/** End the workers; the next click makes new ones. */
function release() {
  pool?.stop();
  pool = null;
}

/** A function to call after each of `total` tiles, which moves the bar. */
function progress({ label }, total) {
  const started = performance.now();
  let done = 0;
  const tell = (rest) => {
    Object.assign(find("progress"), { value: done, max: total });
    find("step").textContent = `${label}: ${done} of ${total} tiles${rest}`;
  };
  tell("");
  return () => {
    done += 1;
    const left = (((performance.now() - started) / 1000) * (total - done)) / done;
    tell(left < 2 ? "" : `, about ${Math.round(left)} seconds left`);
  };
}

/** Show results, a `Map` from a method to a canvas, and offer them as files. */
function present(results) {
  find("results").hidden = false;
  comparison.show(new Map([...results].map(([{ label }, canvas]) => [label, canvas])));
  const stem = photo.name.replace(/\.[^.]*$/, "");
  const buttons = [...results].map(([{ name, label }, canvas]) =>
    button(() => download(canvas, `${stem}-${name}.png`), label),
  );
  find("downloads").replaceChildren("Download as PNG: ", ...buttons);
  find("results").scrollIntoView({ block: "nearest" });
}

function download(canvas, name) {
  canvas.toBlob((blob) => {
    const link = element("a", { href: URL.createObjectURL(blob), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }, "image/png");
}

begin();
