/* Type a name: after each letter, how sure the network is of each language. */
import { bars, guarded, later, make, percent } from "./parts.js";
import { fetched, Network, softmax } from "./runtime.js";

const LONGEST = 40; // letters

/** A name as the network's data write names: plain letters, capitals, single spaces; `folded` maps letters. */
export function spell(text, folded) {
  const plain = [...text.normalize("NFC")].map((letter) => folded[letter] ?? letter).join("");
  const name = plain.trim().replace(/\s+/g, " ");
  return /\p{Lu}/u.test(name) ? name : name.replace(/(^| )\p{Ll}/gu, (first) => first.toUpperCase());
}

export async function start(stage, say) {
  const [network, about] = await Promise.all([Network.load("names"), fetched("networks/names.json", "json")]);
  const { letters, languages, hidden, fold, samples } = about;
  const box = stage.parentElement;
  box.dataset.difference = network.difference;

  const field = make("input", { type: "text", maxLength: LONGEST, autocomplete: "off", spellcheck: false, oninput: guarded(changed, say) }); // prettier-ignore
  const buttons = samples.map(({ name }) =>
    make("button", { type: "button", onclick: guarded(() => ((field.value = name), changed()), say) }, name),
  );
  const answer = make("p", { className: "demo-answer demo-word" });
  const scores = bars(languages, "How sure the network is of each language");
  const steps = make("tbody");
  const head = ["after", "first", "second", "third"].map((word) => make("th", { scope: "col" }, word));
  const table = make("table", { className: "demo-steps" }, make("thead", {}, make("tr", {}, ...head)), steps);
  stage.append(
    make("p", {}, make("label", {}, "A name: ", field)),
    make("p", { className: "demo-buttons" }, make("span", {}, "Names that it has not seen: "), ...buttons),
    make("div", { className: "demo-columns" },
      make("div", {}, answer, scores.list),
      make("div", {}, make("p", { className: "demo-caption" }, "Letter by letter"), make("div", { className: "demo-scroll", tabIndex: 0, role: "region", "aria-label": "Languages after each letter" }, table))),
  ); // prettier-ignore

  const tell = later(say);
  const zeros = { type: "float32", dims: [1, hidden], data: new Float32Array(hidden) };
  const known = new Map([["", { h: zeros, c: zeros }]]); // by beginning: the state after it, and the shares
  let asked = 0;

  async function after(name) {
    if (!known.has(name)) {
      const { h, c } = await after(name.slice(0, -1));
      const token = { type: "int64", dims: [1], data: [letters.indexOf(name.at(-1))] };
      const found = await network.run({ token, h, c });
      const state = (part) => ({ type: "float32", dims: [1, hidden], data: found[`new_${part}`].data });
      known.set(name, { h: state("h"), c: state("c"), chances: softmax(found.scores.data) });
    }
    return known.get(name);
  }

  async function changed() {
    const [mine, began] = [++asked, performance.now()];
    const name = spell(field.value, fold);
    const strange = [...new Set(name)].filter((letter) => !letters.includes(letter));
    if (strange.length) return tell(`No name of its data has ${strange.map((letter) => `“${letter}”`).join(", ")}: it knows Latin letters alone.`); // prettier-ignore
    if (!name) {
      answer.textContent = "";
      scores.clear();
      steps.replaceChildren();
      return tell("Type a name, or take one of those above.");
    }
    const rows = [];
    for (let k = 1; k <= name.length; k++) {
      const { chances } = await after(name.slice(0, k));
      const order = [...chances.keys()].sort((a, b) => chances[b] - chances[a]).slice(0, 3);
      const cells = order.map((place) => make("td", {}, `${languages[place]} ${percent(chances[place])}`));
      rows.push(make("tr", {}, make("th", { scope: "row" }, name.slice(0, k)), ...cells));
    }
    if (mine !== asked) return;
    const { chances } = known.get(name);
    const best = scores.show(chances);
    answer.textContent = languages[best];
    steps.replaceChildren(...rows);
    box.dataset.milliseconds = (performance.now() - began).toFixed(1);
    tell(`${name}: ${languages[best]} (${percent(chances[best])}).`);
  }

  field.value = samples[0].name;
  await changed();
}
