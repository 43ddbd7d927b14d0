/* Two shapes that the reader types: aligned from the right, stretched, and added; or refused in PyTorch's words. */
(() => {
  "use strict";
  const { html, svg, drawing, labelled, says, picture } = Moving;
  const DIMENSIONS = 6, SHEETS = 4, SIDE = 8; // the most that is read, and drawn
  const WIDE = 33, HIGH = 26; // px of a cell

  /* The sizes in "3, 1", "(3, 1)", "[3, 1]" or "torch.Size([3, 1])"; a sentence where it is none. */
  function parse(text) {
    const inner = text.trim().replace(/^torch\.Size/, "").replace(/^[([\s]+|[)\]\s]+$/g, "").replace(/,\s*$/, "");
    const parts = inner ? inner.split(/[\s]*,[\s]*|\s+/) : [];
    if (!parts.every((part) => /^\d{1,6}$/.test(part)))
      return `A shape is whole numbers with commas between them, such as 3, 1; this is “${text.trim()}”.`;
    if (parts.length > DIMENSIONS) return `This picture takes up to ${DIMENSIONS} dimensions; here are ${parts.length}.`;
    return parts.map(Number);
  }

  const tuple = (shape) => `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
  const padded = (shape, length) => [...Array(length - shape.length).fill(null), ...shape];

  /* The common shape; or `refused`, the dimension that does not fit (the rightmost one, as PyTorch says it). */
  function broadcast(a, b) {
    const length = Math.max(a.length, b.length), left = padded(a, length), right = padded(b, length), result = [];
    for (let d = length - 1; d >= 0; d--) {
      const [m, n] = [left[d] ?? 1, right[d] ?? 1];
      if (m !== n && m !== 1 && n !== 1) return { left, right, refused: d };
      result[d] = m === 1 ? n : m;
    }
    return { left, right, result };
  }

  function alignment({ left, right, result, refused }) {
    const sizes = left.map((_, d) => d);
    const cell = (own, d) => {
      const stretched = result && (own ?? 1) !== result[d];
      const text = `${own === null ? "(1)" : own}${stretched ? ` → ${result[d]}` : ""}`;
      return html("td", { class: d === refused ? "refused" : stretched ? "stretched" : own === null ? "added" : null }, text);
    };
    const row = (name, cells) => html("tr", {}, html("th", { scope: "row" }, name), ...cells);
    const head = sizes.map((d) => html("th", { scope: "col" }, `${d}`));
    const end = sizes.map((d) => html("td", {}, result ? `${result[d]}` : d === refused ? "✗" : ""));
    return html("table", { class: "table" },
      html("thead", {}, row("dimension", head)),
      html("tbody", {}, row("a", left.map(cell)), row("b", right.map(cell)), row("a + b", end)));
  }

  /* Numbers of the result's elements: row by row, sheet after sheet. */
  function* indices(shape) {
    const count = shape.reduce((product, size) => product * size, 1);
    for (let flat = 0; flat < count; flat++) {
      let rest = flat;
      yield shape.map((_, d) => {
        const inner = shape.slice(d + 1).reduce((product, size) => product * size, 1), at = Math.floor(rest / inner);
        rest %= inner;
        return at;
      });
    }
  }

  /* What an operand holds at a place of the result, and whether it stands there itself or is repeated. */
  function read(own, place, unit) {
    let flat = 0, copied = false;
    own.forEach((size, d) => {
      flat = flat * (size ?? 1) + ((size ?? 1) === 1 ? 0 : place[d]);
      copied ||= (size ?? 1) === 1 && place[d] > 0;
    });
    return { value: unit * flat, copied };
  }

  function grid(name, shape, at) {
    const [rows, columns] = [1, 1, ...shape].slice(-2), sheets = shape.slice(0, -2).reduce((m, n) => m * n, 1);
    const label = sheets > 1 ? 14 : 0, tall = rows * HIGH + label + 8, cells = [];
    let copies = 0, n = 0;
    for (const place of indices(shape)) {
      const sheet = Math.floor(n / (rows * columns)), y = sheet * tall + label + (Math.floor(n / columns) % rows) * HIGH;
      const x = (n % columns) * WIDE, { value, copied } = at(place);
      if (label && n % (rows * columns) === 0)
        cells.push(svg("text", { class: "note", x: 1, y: y - 3 }, `[${place.slice(0, -2).join(", ")}]`));
      cells.push(svg("g", { class: copied ? "copy" : "own" },
        svg("rect", { x: x + 1.5, y: y + 1.5, width: WIDE - 3, height: HIGH - 3, rx: 2 }),
        svg("text", { x: x + WIDE / 2, y: y + HIGH / 2 + 4 }, `${value}`)));
      copies += copied;
      n++;
    }
    const heard = `${name} as ${tuple(shape)}${copies ? `, ${copies} of ${n} elements repeated` : ""}`;
    return html("figure", {}, html("figcaption", {}, name), drawing(columns * WIDE, sheets * tall, heard, ...cells));
  }

  function grids({ left, right, result }) {
    const [rows, columns] = [1, 1, ...result].slice(-2), sheets = result.slice(0, -2).reduce((m, n) => m * n, 1);
    if (!(rows * columns * sheets)) return html("p", {}, "A size is 0, so there is no element to draw.");
    if (rows > SIDE || columns > SIDE || sheets > SHEETS)
      return html("p", {}, `Too large to draw: up to ${SHEETS} sheets of ${SIDE} × ${SIDE} fit here.`);
    const a = (place) => read(left, place, 1), b = (place) => read(right, place, 10);
    const sum = (place) => ({ value: a(place).value + b(place).value, copied: false });
    return html("div", { class: "grids" }, grid("a", result, a), grid("b", result, b), grid("a + b", result, sum));
  }

  function sentence(a, b, { left, right, result, refused }) {
    if (refused !== undefined)
      return ["PyTorch refuses: ", html("code", {},
        `RuntimeError: The size of tensor a (${left[refused]}) must match the size of tensor b (${right[refused]})` +
        ` at non-singleton dimension ${refused}`)];
    const along = (own) => result.flatMap((size, d) => ((own[d] ?? 1) === size ? [] : [d]));
    const stretched = [["a", along(left)], ["b", along(right)]].filter(([, where]) => where.length)
      .map(([name, where]) => `${name} is stretched along dimension ${where.join(" and ")}`);
    return [`${tuple(a)} and ${tuple(b)} give ${tuple(result)}: ${stretched.join(", ") || "nothing is stretched"}.`];
  }

  picture("picture-broadcasting", () => {
    const field = (value) => html("input", { type: "text", value, size: 12, spellcheck: "false", autocomplete: "off", oninput: show });
    const fields = [field("3, 1"), field("4")], said = says(), shown = html("div");
    const examples = [["3, 1", "4"], ["2, 3", "2"], ["2, 3", "2, 1"], ["3, 1, 4", "2, 1"]];

    function show() {
      const shapes = fields.map((one) => parse(one.value));
      fields.forEach((one, k) => one.setAttribute("aria-invalid", String(typeof shapes[k] === "string")));
      const wrong = shapes.find((shape) => typeof shape === "string");
      if (wrong) {
        said.replaceChildren(wrong);
        shown.replaceChildren();
        return;
      }
      const found = broadcast(...shapes);
      said.replaceChildren(...sentence(...shapes, found));
      const table = html("div", { class: "pst-scrollable-table-container" }, alignment(found));
      shown.replaceChildren(table, ...(found.result ? [grids(found)] : []));
      dispatchEvent(new Event("resize")); // book.js looks again at what scrolls
    }
    const buttons = examples.map(([a, b]) =>
      html("button", { type: "button", onclick: () => (([fields[0].value, fields[1].value] = [a, b]), show()) },
        `${tuple(parse(a))} + ${tuple(parse(b))}`));
    show();
    return [
      html("div", { class: "fields" }, labelled("Shape of a", fields[0]), labelled("Shape of b", fields[1])),
      html("div", { class: "buttons" }, ...buttons), said, shown,
    ];
  });
})();
