/* Gradient descent on a bowl and in a long valley, f(x, y) = (p x² + q y²) / 2: its path and its loss, step by step. */
(() => {
  "use strict";
  const { html, svg, drawing, labelled, choice, says, player, number, picture } = Moving;
  const PLACES = { bowl: [1, 2], valley: [0.05, 2] }; // the curvatures p and q
  const START = [-4, 1.6], MOST = 200, LOST = 1e6; // steps; times the first loss
  const WIDE = 340, HIGH = 230, UNIT = 34; // px of a drawing, and of one unit in it
  const LOW = -8, TOP = 4; // powers of ten that the curve of losses shows

  const loss = ([p, q], [x, y]) => (p * x * x + q * y * y) / 2;

  /* Points of `count` steps as torch.optim.SGD makes them: v = momentum v + gradient, point = point - rate v. */
  function walk(curvatures, rate, momentum, count) {
    const points = [START];
    let speed = [0, 0];
    while (points.length <= count && loss(curvatures, points.at(-1)) < LOST * loss(curvatures, START)) {
      const last = points.at(-1);
      speed = speed.map((v, k) => momentum * v + curvatures[k] * last[k]);
      points.push(last.map((place, k) => place - rate * speed[k]));
    }
    return points;
  }

  function short(value) {
    const size = Math.abs(value);
    return size && (size < 1e-3 || size >= 1e5) ? value.toExponential(3).replaceAll("-", "−") : number(value, 4);
  }

  function map(curvatures, points) {
    const at = ([x, y]) => [WIDE / 2 + UNIT * x, HIGH / 2 - UNIT * y];
    const levels = [0.025, 0.1, 0.4, 1.6, 6.4, 25.6].map((level) => {
      const [rx, ry] = curvatures.map((curvature) => UNIT * Math.sqrt((2 * level) / curvature));
      return svg("ellipse", { class: "level", cx: WIDE / 2, cy: HIGH / 2, rx, ry });
    });
    const drawn = points.map((point) => at(point.map((v) => Math.max(-1e4, Math.min(1e4, v)))));
    const dots = drawn.map(([cx, cy]) => svg("circle", { cx, cy, r: 2.5 }));
    const [cx, cy] = drawn.at(-1);
    const path = svg("g", { class: "path" }, svg("polyline", { points: drawn.map((p) => p.join(",")).join(" ") }), ...dots,
      svg("circle", { class: "now", cx, cy, r: 5.5 }));
    const heard = `The path after ${points.length - 1} steps, on lines of equal loss round the lowest point`;
    return drawing(WIDE, HIGH, heard, ...levels, svg("path", { class: "axis", d: `M${WIDE / 2 - 5} ${HIGH / 2}h10m-5-5v10` }), path);
  }

  function curve(losses) {
    const left = 44, low = HIGH - 34, steps = Math.max(20, losses.length - 1);
    const x = (step) => left + ((WIDE - left - 8) * step) / steps;
    const y = (power) => 10 + ((TOP - power) * (low - 10)) / (TOP - LOW);
    const inside = (value) => Math.max(LOW, Math.min(TOP, Math.log10(value || 1e-300)));
    const lines = [];
    for (let power = LOW; power <= TOP; power += 4) {
      lines.push(svg("path", { class: "level", d: `M${left} ${y(power)}H${WIDE - 8}` }));
      lines.push(svg("text", { class: "tick", x: left - 6, y: y(power) + 4 }, power ? `1e${number(power)}` : "1"));
    }
    const drawn = losses.map((value, step) => `${x(step).toFixed(2)},${y(inside(value)).toFixed(2)}`).join(" ");
    return drawing(WIDE, HIGH, `Loss by step, from ${short(losses[0])} to ${short(losses.at(-1))}`, ...lines,
      svg("text", { x: x(0), y: low + 16 }, "0"), svg("text", { class: "tick", x: x(steps), y: low + 16 }, `${steps}`),
      svg("text", { x: x(steps / 2), y: low + 16 }, "step"), svg("text", { class: "note", x: left + 4, y: y(TOP) + 14 }, "loss"),
      svg("g", { class: "path" }, svg("polyline", { points: drawn })));
  }

  /* What the rate will lead to: along each axis the step is stable below 2 (1 + momentum) / curvature. */
  function verdict([, steep], rate, momentum) {
    const limit = (2 * (1 + momentum)) / steep;
    const rule = `2${momentum ? ` · (1 + ${number(momentum)})` : ""} / ${number(steep)} = ${number(limit, 3)}`;
    if (Math.abs(rate - limit) < 1e-9) return `The rate is ${rule}: the path swings to and fro for ever.`;
    if (rate > limit) return `The rate is above ${rule}: it diverges.`;
    return `The rate is below ${rule}: it comes to rest at the lowest point.`;
  }

  picture("picture-descent", () => {
    let count = 10;
    const slider = (max, step, value, name) => {
      const shown = html("span", { "aria-hidden": "true" }, number(value)); // heard as the slider's value
      const field = html("input", { type: "range", min: name === "Momentum" ? 0 : step, max, step, value,
        oninput: () => ((shown.textContent = number(field.valueAsNumber)), show()) });
      return { field, label: html("label", {}, html("span", {}, name, " ", shown), field) };
    };
    const rate = slider(2, 0.01, 0.4, "Rate"), momentum = slider(0.95, 0.05, 0, "Momentum");
    const place = choice([["bowl", "a bowl: curvatures 1 and 2"], ["valley", "a long valley: 0.05 and 2"]], () => show());
    const said = says(), shown = html("div", { class: "grids" });

    function show() {
      const curvatures = PLACES[place.value], settings = [rate.field.valueAsNumber, momentum.field.valueAsNumber];
      const points = walk(curvatures, ...settings, count), losses = points.map((point) => loss(curvatures, point));
      const [x, y] = points.at(-1), end = losses.at(-1);
      const lost = end >= LOST * losses[0];
      count = points.length - 1;
      said.replaceChildren(
        `Step ${count}: x = ${short(x)}, y = ${short(y)}, loss ${short(end)}. ${verdict(curvatures, ...settings)}` +
          (lost ? " Here it stops: the loss is a million times the first." : ""));
      shown.replaceChildren(map(curvatures, points), curve(losses));
      return !lost && count < MOST;
    }
    const to = (steps) => ((count = steps), show());
    const { row } = player({
      step: () => to(Math.min(count + 1, MOST)), back: () => to(Math.max(count - 1, 0)), restart: () => to(0), heard: said, wait: 300,
    });
    show();
    return [html("div", { class: "fields" }, labelled("Landscape", place), rate.label, momentum.label), row, said, shown];
  });
})();
