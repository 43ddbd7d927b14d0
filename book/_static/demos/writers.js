/* Give a beginning: an LSTM and a transformer of the same size write on, side by side. */
import { make } from "./parts.js";
import { fetched, Network, softmax } from "./runtime.js";

const LENGTH = 600; // characters that each writes at most

export class Lstm {
  constructor(network, hidden) {
    [this.network, this.hidden] = [network, hidden];
  }
  begin() {
    this.h = this.c = { type: "float32", dims: [1, this.hidden], data: new Float32Array(this.hidden) };
  }
  /** Scores of the next character after one more token; of several, one after the other. */
  async read(tokens) {
    let found;
    for (const token of tokens) {
      found = await this.network.run({ token: { type: "int64", dims: [1], data: [token] }, h: this.h, c: this.c });
      [this.h, this.c] = ["h", "c"].map((part) => ({ type: "float32", dims: [1, this.hidden], data: found[`new_${part}`].data }));
    }
    return found.scores.data;
  }
}

export class Transformer {
  constructor(network, context) {
    [this.network, this.context] = [network, context];
  }
  begin() {
    this.seen = [];
  }
  async read(tokens) {
    this.seen = [...this.seen, ...tokens].slice(-this.context);
    const data = Array.from({ length: this.context }, (_, k) => this.seen[k] ?? 0); // what is behind is not looked at
    const { scores } = await this.network.run({ tokens: { type: "int64", dims: [1, this.context], data } });
    const count = scores.dims.at(-1);
    return scores.data.subarray((this.seen.length - 1) * count, this.seen.length * count);
  }
}

export function draw(scores, temperature, random = Math.random) {
  const chances = softmax(scores, temperature);
  let rest = random();
  const found = chances.findIndex((chance) => (rest -= chance) < 0);
  return found < 0 ? chances.length - 1 : found; // rounding
}

export async function start(stage, say) {
  const [lstm, transformer, about] = await Promise.all([
    Network.load("lstm"),
    Network.load("transformer"),
    fetched("networks/writers.json", "json"),
  ]);
  const { letters, hidden, context, prompt } = about;
  const box = stage.parentElement;
  box.dataset.difference = Math.max(lstm.difference, transformer.difference);
  const writers = { LSTM: new Lstm(lstm, hidden), Transformer: new Transformer(transformer, context) };

  const beginning = make("input", { type: "text", value: prompt, maxLength: 200, autocomplete: "off", spellcheck: false });
  const warmth = make("input", { type: "range", min: 0.1, max: 1.5, step: 0.1, value: 0.6, oninput: shown });
  const number = make("output", {});
  const go = make("button", { type: "button", onclick: write }, "Write on");
  const stop = make("button", { type: "button", disabled: true, onclick: () => (writing = 0) }, "Stop");
  const pages = Object.keys(writers).map((name) => {
    const text = make("p", { className: "demo-page", tabIndex: 0, role: "region", "aria-label": `What the ${name} wrote` });
    return { name, text, item: make("div", {}, make("p", { className: "demo-caption" }, name), text) };
  });
  stage.append(
    make("p", {}, make("label", { className: "demo-wide" }, "The beginning: ", beginning)),
    make("p", { className: "demo-buttons" }, make("label", {}, "Temperature: ", warmth), number, go, stop),
    make("div", { className: "demo-columns demo-two" }, ...pages.map(({ item }) => item)),
  );
  let writing = 0; // a number for each text; 0: stop
  let texts = 0;

  function shown() {
    number.textContent = Number(warmth.value).toFixed(1);
  }

  async function write() {
    const strange = [...new Set(beginning.value)].filter((letter) => !letters.includes(letter));
    if (strange.length) return say(`The text that they learned from has no ${strange.map((letter) => `“${letter}”`).join(", ")}: leave it out.`); // prettier-ignore
    if (!beginning.value) return say("They need one letter or more to go on from: type a beginning.");
    const mine = (writing = ++texts);
    go.disabled = true;
    stop.disabled = false;
    say("Both are writing …");
    const counts = await Promise.all(pages.map((page) => writeOne(page, () => mine === writing))).catch((error) => {
      say(`The writing ended with an error: ${error.message}`);
      return null;
    });
    [writing, go.disabled, stop.disabled] = [0, false, true];
    if (counts) say(`The LSTM wrote ${counts[0]} characters, the transformer ${counts[1]}.`);
  }

  async function writeOne({ name, text }, goesOn) {
    const writer = writers[name];
    const fresh = make("span", { className: "demo-fresh" });
    text.replaceChildren(make("b", {}, beginning.value), fresh);
    writer.begin();
    let tokens = [...beginning.value].map((letter) => letters.indexOf(letter));
    for (let count = 0; count < LENGTH; count++) {
      const scores = await writer.read(tokens);
      if (!goesOn()) return count;
      const next = draw(scores, Number(warmth.value));
      fresh.append(letters[next]);
      tokens = [next];
      await new Promise((go) => setTimeout(go, 8)); // so that the page stays alive, and one can read along
    }
    return LENGTH;
  }

  shown();
  write();
}
