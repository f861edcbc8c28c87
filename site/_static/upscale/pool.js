// Workers that share the tiles of an image. Several do the work of the threads that a
// page can't have without special headers.

import { WORKER } from "./built.js";
import { part } from "./parts.js";

const MOST_WORKERS = 4; // each takes some hundred MB

/** Why nothing more comes from a pool. */
export class Stopped extends Error {}

/** Workers for a device, "wasm" or "webgpu"; `stop` ends them at once. */
export class Pool {
  #workers;
  #halt;
  #halted = new Promise((_, reject) => (this.#halt = reject));

  constructor(device) {
    this.device = device;
    this.#halted.catch(() => {}); // nobody has to wait for it
    const cores = Math.min(MOST_WORKERS, navigator.hardwareConcurrency || 1);
    const address = URL.createObjectURL(new Blob([WORKER], { type: "text/javascript" }));
    const workers = Array(device === "webgpu" ? 1 : cores).fill(address);
    this.#workers = workers.map((address) => new Asked(address));
  }

  /** Load what a network needs: the runtime once, then the network. */
  async prepare(name) {
    const parts = Promise.all([part(`runtime-${this.device}`), part(name)]);
    const [runtime, network] = await Promise.race([this.#halted, parts]);
    await this.#all(async (worker) => {
      await worker.once("start", runtime);
      await worker.ask("load", { name, device: this.device, ...network });
    });
  }

  /**
   * Ask all questions of one kind, each of whichever worker is free.
   *
   * @param {string} kind Of question, in worker.js.
   * @param {Iterable} questions Made one by one, when a worker is free.
   * @param {Function} use Takes a question and its result.
   */
  async askAll(kind, questions, use) {
    const waiting = questions[Symbol.iterator]();
    await this.#all(async (worker) => {
      for (const question of waiting) use(question, await worker.ask(kind, question));
    });
  }

  /** End all workers, whatever they do; who waits for them gets `Stopped`. */
  stop() {
    for (const worker of this.#workers) worker.stop();
    this.#halt(new Stopped());
  }

  /** Do something with all workers at the same time. */
  #all(work) {
    return Promise.race([this.#halted, Promise.all(this.#workers.map(work))]);
  }
}

/** A worker that is asked one question at a time. */
class Asked {
  #worker;
  #answers = new Map(); // from a kind of question to the promise of its answer

  constructor(address) {
    this.#worker = new Worker(address);
  }

  /** The promise of an answer; an error in the worker rejects it. */
  ask(kind, question) {
    return new Promise((resolve, reject) => {
      this.#worker.onmessage = ({ data: { result, error } }) =>
        error === undefined ? resolve(result) : reject(new Error(error));
      this.#worker.onerror = (event) => reject(new Error(event.message));
      this.#worker.postMessage({ kind, ...question });
    });
  }

  /** The same for a question that is asked only once. */
  once(kind, question) {
    if (!this.#answers.has(kind)) this.#answers.set(kind, this.ask(kind, question));
    return this.#answers.get(kind);
  }

  /** End it, whatever it does. */
  stop() {
    this.#worker.terminate();
  }
}
