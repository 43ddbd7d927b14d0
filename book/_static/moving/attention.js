/* Where each head of a trained transformer looks, for a character of a line, with the numbers of `Moving.networks`. */
(() => {
  "use strict";
  const { html, svg, drawing, labelled, choice, says, player, line, spoken, seen, number, picture } = Moving;
  const CELL = 9, EDGE = 12, BAR = 56; // px: a square of the triangle, its letters, the bar of a weight of 1

  /* All weights of a head: a row for each character that looks, a column for each that is looked at. */
  function triangle(text, weights, at, choose) {
    const side = text.length * CELL;
    const squares = weights.flatMap((row, y) => row.slice(0, y + 1).map((weight, x) =>
      svg("rect", { class: "weight", x: EDGE + x * CELL, y: y * CELL, width: CELL - 0.6, height: CELL - 0.6, "fill-opacity": weight })));
    const letters = [...text].flatMap((character, k) => [
      svg("text", { class: "mono", x: 4, y: (k + 0.8) * CELL }, seen(character)),
      svg("text", { class: "mono", x: EDGE + (k + 0.5) * CELL, y: side + 9 }, seen(character)),
    ]);
    const rows = weights.map((_, y) => svg("rect", { x: 0, y: y * CELL, width: side + EDGE, height: CELL, "fill-opacity": 0,
      onmouseenter: () => y === at || choose(y) }));
    return drawing(side + EDGE, side + EDGE, "The weights of this head: below the diagonal what may be looked at, above it nothing",
      svg("path", { class: "future", d: `M${EDGE + CELL} 0H${EDGE + side}V${side - CELL}Z` }),
      svg("text", { x: EDGE + side * 0.72, y: side * 0.22 }, "the future: hidden"),
      ...squares, ...letters, svg("rect", { class: "window", x: EDGE, y: at * CELL, width: (at + 1) * CELL, height: CELL }), ...rows);
  }

  function told(text, row, at) {
    const back = (k) => (k === at ? "itself" : `${spoken(text[k])} ${at - k} back`);
    const order = row.map((weight, k) => [weight, k]).slice(0, at + 1).sort((one, other) => other[0] - one[0]).slice(0, 3);
    return `${spoken(text[at])}, place ${at + 1}, looks at ${order.map(([weight, k]) => `${back(k)} (${number(weight)})`).join(", ")}.`
      .replace(/^a/, "A");
  }

  picture("picture-attention", () => {
    const lines = Moving.networks.attention;
    const sentence = choice(lines.map(({ text }, k) => [k, text]), fresh);
    const names = lines[0].weights.flatMap((heads, b) => heads.map((_, h) => [`${b},${h}`, `block ${b + 1}, head ${h + 1}`]));
    const head = choice(names, () => read.to(read.at()));
    const said = says(), strip = html("div"), place = html("span"), map = html("div");
    let read;

    function fresh() {
      const { text } = lines[sentence.value];
      read = line(text, read ? read.at() : text.length - 1, tell);
      read.letters.forEach((letter) => letter.prepend(html("span", { class: "bar" })));
      read.strip.classList.add("bars");
      strip.replaceChildren(read.strip);
      place.replaceChildren(labelled("Character that looks", read.field));
      read.to(read.at());
    }
    function tell(at) {
      const { text, weights } = lines[sentence.value], [b, h] = head.value.split(",");
      const row = weights[b][h][at];
      row.forEach((weight, k) => {
        const letter = read.letters[k];
        letter.querySelector(".bar").style.height = `${weight * BAR}px`;
        letter.classList.toggle("hidden-from", k > at);
      });
      map.replaceChildren(triangle(text, weights[b][h], at, read.to));
      said.replaceChildren(told(text, row, at));
    }
    head.value = "0,1";
    fresh();
    const { row } = player({
      step: () => read.to(read.at() + 1), back: () => read.to(read.at() - 1), restart: () => read.to(0), heard: said, wait: 500,
    });
    return [
      html("div", { class: "fields" }, labelled("Line", sentence), labelled("Head", head), place),
      row, said, strip, map,
    ];
  });
})();
