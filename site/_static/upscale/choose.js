// How a photograph comes into the page: chosen, dropped, taken, or an example.

import { EXAMPLES } from "./built.js";
import { button, complain, element, find, say } from "./dom.js";
import { decode, middle, pixels, reduction, size, tooLarge } from "./photo.js";

/**
 * Let the reader choose.
 *
 * @param {Function} use Takes the name and the image, RGBA, of what was chosen.
 * @param {Function} reduce Takes an image and how many times smaller it shall become;
 *   returns the promise of the small one, or of nothing.
 */
export function offerChoice(use, reduce) {
  const take = (address, name) => look(address, name, use, reduce);
  const takeFile = (file) => take(URL.createObjectURL(file), file.name);
  const examples = EXAMPLES.map(({ name, alt, address }) =>
    button(() => take(address, name), element("img", { src: address, alt })),
  );
  find("examples").append(...examples);
  for (const input of [find("file"), find("camera")]) takeChosen(input, takeFile);
  takeDropped(find("drop"), takeFile);
}

function takeChosen(input, takeFile) {
  input.addEventListener("change", () => {
    if (input.files.length) takeFile(input.files[0]);
    input.value = ""; // the same file may be chosen again
  });
}

function takeDropped(zone, takeFile) {
  const mark = (over) => zone.classList.toggle("upscale-over", over);
  zone.addEventListener("dragover", (event) => {
    event.preventDefault(); // or the browser would open the file
    mark(true);
  });
  zone.addEventListener("dragleave", () => mark(false));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    mark(false);
    if (find("file").disabled) return;
    const [file] = event.dataTransfer.files;
    if (file) takeFile(file);
    else complain("Drop a picture that lies on your computer as a file.");
  });
}

/** Use a picture, offer parts of it, or say what is wrong with it. */
async function look(address, name, use, reduce) {
  find("chosen").hidden = find("results").hidden = true;
  find("parts").replaceChildren();
  say("");
  complain("");
  try {
    const image = await decode(address, name);
    const problem = tooLarge(image);
    if (problem) offerParts(image, problem, (part) => use(name, part), reduce);
    else use(name, pixels(image));
  } catch (error) {
    complain(error.message);
  }
}

/** Buttons for what can be enlarged of a picture that is too large. */
function offerParts(image, problem, use, reduce) {
  complain(problem);
  const part = middle(image);
  const cutOut = () => use(pixels(image, part));
  const ways = [button(cutOut, `The middle, ${size(part.width, part.height)} pixels`)];
  const down = reduction(image);
  const small = async () => {
    const made = await reduce(pixels(image), down);
    if (made) use(made);
  };
  if (down) ways.push(button(small, `All of it, first made ${down} times smaller`));
  find("parts").replaceChildren(...ways);
}
