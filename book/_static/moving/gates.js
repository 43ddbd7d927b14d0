/* The gates of a trained LSTM over a sentence, one unit of it at a time, with the numbers of `Moving.networks`. */
(() => {
  "use strict";
  const { html, labelled, choice, says, player, line, spoken, number, picture } = Moving;
  const ROWS = { i: "input gate", f: "forget gate", g: "proposal", o: "output gate", c: "cell", h: "output" };
  const FULL = { c: 2 }; // the size at which a colour is full; else 1

  const swatch = (row, value) =>
    html("span", { class: `swatch${value < 0 ? " negative" : ""}`,
      style: `--much: ${Math.min(1, Math.abs(value) / (FULL[row] ?? 1)).toFixed(3)}` });
  const factor = (value) => (value < 0 ? `(${number(value)})` : number(value));

  picture("picture-gates", () => {
    const sentences = Moving.networks.lstm;
    const sentence = choice(sentences.map(({ text }, k) => [k, `${text.slice(0, 24)}…`]), fresh);
    const unit = html("select", { onchange: paint });
    const said = says(), strip = html("div"), place = html("span");
    let read;

    const shown = () => (unit.value === "mean" ? sentences[sentence.value].mean : sentences[sentence.value].units[unit.value]);

    function fresh() {
      const { text, units } = sentences[sentence.value];
      const options = [...Object.keys(units).map((name) => [name, `unit ${name}`]), ["mean", "mean of all units"]];
      unit.replaceChildren(...options.map(([value, words]) => html("option", { value }, words)));
      read = line(text, 12, tell);
      strip.replaceChildren(read.strip);
      place.replaceChildren(labelled("Character", read.field));
      paint();
    }
    function paint() {
      read.letters.forEach((letter, k) =>
        letter.replaceChildren(letter.querySelector("b"), ...Object.keys(ROWS).map((row) => swatch(row, shown()[row][k]))));
      read.to(read.at());
    }
    function tell(at) {
      const now = Object.fromEntries(Object.keys(ROWS).map((row) => [row, shown()[row][at]]));
      const before = at ? shown().c[at - 1] : 0;
      const gates = Object.entries(ROWS).slice(0, 4).map(([row, name]) => `${name} ${number(now[row])}`).join(", ");
      const cell = unit.value === "mean" ? `Cell ${number(now.c)}`
        : `Cell: ${factor(now.f)} · ${factor(before)} + ${factor(now.i)} · ${factor(now.g)} = ${number(now.c)}`;
      said.replaceChildren(`Place ${at + 1}, ${spoken(sentences[sentence.value].text[at])}: ${gates}. ${cell}; output ${number(now.h)}.`);
    }
    fresh();
    const { row } = player({
      step: () => read.to(read.at() + 1), back: () => read.to(read.at() - 1), restart: () => read.to(0), heard: said, wait: 500,
    });
    const key = `Under each character, from the top: ${Object.values(ROWS).join(", ")}. The stronger the colour, the further from 0; dashed and orange is below 0.`;
    return [
      html("div", { class: "fields" }, labelled("Sentence", sentence), labelled("Unit", unit), place),
      row, said, strip, html("p", { class: "key" }, key),
    ];
  });
})();
