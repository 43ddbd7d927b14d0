/* A filter that slides over a small picture: each number of the result is a sum of nine products. */
(() => {
  "use strict";
  const { html, svg, drawing, labelled, choice, says, player, number, picture } = Moving;
  const PICTURE = ["0000000", "0999990", "0000090", "0000900", "0009000", "0009000", "0000000"].map((row) => [...row].map(Number));
  const SIDE = PICTURE.length, KERNEL = 3, CELL = 28; // px
  const KERNELS = {
    edge: [-1, 0, 1, -1, 0, 1, -1, 0, 1],
    blur: [1, 2, 1, 2, 4, 2, 1, 2, 1].map((weight) => weight / 16),
    identity: [0, 0, 0, 0, 1, 0, 0, 0, 0],
  };

  /* The picture's number at a place of the padded picture; 0 in the padding. */
  const pixel = (row, column, padding) => PICTURE[row - padding]?.[column - padding] ?? 0;

  /* The products of one place of the result, as pairs (number of the picture, weight). */
  function products(weights, stride, padding, row, column) {
    return weights.map((weight, k) =>
      [pixel(row * stride + Math.floor(k / KERNEL), column * stride + (k % KERNEL), padding), weight]);
  }
  const sum = (pairs) => pairs.reduce((total, [value, weight]) => total + value * weight, 0);

  /* A square with its number; `strength` from −1 (orange) to 1 (teal). */
  function cell(row, column, words, strength, kind = "") {
    const look = { class: `cell ${strength < 0 ? "below" : "above"} ${kind}` };
    return svg("g", look,
      svg("rect", { x: column * CELL + 1, y: row * CELL + 1, width: CELL - 2, height: CELL - 2,
        style: `fill-opacity: ${(0.35 * Math.min(1, Math.abs(strength))).toFixed(3)}` }),
      svg("text", { x: (column + 0.5) * CELL, y: (row + 0.5) * CELL + 4 }, words));
  }
  const frame = (row, column, side) => svg("rect", { class: "window", x: column * CELL, y: row * CELL, width: side * CELL, height: side * CELL });
  const captioned = (words, drawn) => html("figure", {}, html("figcaption", {}, words), drawn);

  picture("picture-convolution", () => {
    let at = 0; // the place of the result that is computed
    let weights = [...KERNELS.edge];
    const stride = choice([1, 2, 3].map((n) => [n, n]), () => to(0)), padding = choice([0, 1, 2].map((n) => [n, n]), () => to(0));
    const kernel = choice([["edge", "upright edges"], ["blur", "blur"], ["identity", "identity"], ["own", "your own"]], pick);
    const fields = weights.map((_, k) => html("input", { type: "number", step: "any", oninput: read,
      "aria-label": `Weight in row ${Math.floor(k / KERNEL) + 1}, column ${(k % KERNEL) + 1}` }));
    const said = says(), rule = html("p", {}), given = html("div"), result = html("div");

    function pick() {
      if (kernel.value in KERNELS) weights = [...KERNELS[kernel.value]];
      fields.forEach((field, k) => ((field.value = weights[k]), field.setAttribute("aria-invalid", "false")));
      show();
    }
    function read() {
      fields.forEach((field) => field.setAttribute("aria-invalid", String(Number.isNaN(field.valueAsNumber))));
      kernel.value = "own";
      if (fields.some((field) => Number.isNaN(field.valueAsNumber))) said.replaceChildren("A weight is a number, such as −1 or 0.5.");
      else {
        weights = fields.map((field) => field.valueAsNumber);
        show();
      }
    }
    const settings = () => [Number(stride.value), Number(padding.value)];
    const size = () => Math.floor((SIDE + 2 * padding.value - KERNEL) / stride.value) + 1;
    const to = (place) => ((at = Math.max(0, Math.min(place, size() ** 2 - 1))), show());

    function show() {
      const [step, pad] = settings(), out = size(), wide = SIDE + 2 * pad;
      const places = [...Array(out ** 2).keys()].map((n) => [Math.floor(n / out), n % out]);
      const results = places.map(([row, column]) => sum(products(weights, step, pad, row, column)));
      const most = Math.max(...results.map(Math.abs)) || 1, [row, column] = places[at];
      const input = [...Array(wide ** 2).keys()].map((n) => {
        const [r, c] = [Math.floor(n / wide), n % wide], outside = Math.min(r, c) < pad || Math.max(r, c) >= SIDE + pad;
        return cell(r, c, `${pixel(r, c, pad)}`, pixel(r, c, pad) / 9, outside ? "outside" : "");
      });
      const output = places.map(([r, c], n) => n <= at ? cell(r, c, number(results[n], 1), results[n] / most) : cell(r, c, "", 0, "outside"));
      given.replaceChildren(
        captioned(`The picture, ${SIDE} × ${SIDE}${pad ? `, with ${pad} of padding` : ""}`, drawing(wide * CELL, wide * CELL,
          `The window covers rows ${row * step + 1} to ${row * step + KERNEL} and columns ${column * step + 1} to ${column * step + KERNEL}`,
          ...input, frame(row * step, column * step, KERNEL))));
      result.replaceChildren(
        captioned(`The result, ${out} × ${out}`, drawing(out * CELL, out * CELL,
          `${at + 1} of ${out ** 2} numbers of the result: ${results.slice(0, at + 1).map((v) => number(v, 4)).join(", ")}`,
          ...output, frame(row, column, 1))));
      const factor = (value) => (value < 0 ? `(${number(value, 4)})` : number(value, 4));
      const terms = products(weights, step, pad, row, column).map(([value, weight]) => `${value} · ${factor(weight)}`).join(" + ");
      said.replaceChildren(`Row ${row + 1}, column ${column + 1}: ${terms} = ${number(results[at], 4)}.`);
      rule.replaceChildren(`Side of the result: (${SIDE} + 2 · ${pad} − ${KERNEL}) / ${step} + 1${(SIDE + 2 * pad - KERNEL) % step ? ", rounded down," : ""} = ${out}.`);
      return at < out ** 2 - 1;
    }
    const { row } = player({ step: () => to(at + 1), back: () => to(at - 1), restart: () => to(0), heard: said });
    pick();
    return [
      html("div", { class: "fields" }, labelled("Filter", kernel), labelled("Stride", stride), labelled("Padding", padding)),
      row, said,
      html("div", { class: "grids" }, given,
        captioned("The filter", html("div", { class: "kernel", role: "group", "aria-label": "Weights of the filter" }, ...fields)), result),
      rule,
    ];
  });
})();
