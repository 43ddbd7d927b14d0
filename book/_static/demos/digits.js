/* Draw a digit: LeNet answers as you draw, with ten scores, what it sees, and the maps of its first layer. */
import { shares } from "./ink.js";
import { bars, guarded, later, make, paint, percent, still } from "./parts.js";
import { Network, softmax } from "./runtime.js";
import { STROKES } from "./strokes.js";

const SIDE = 280; // pixels of the paper
const PEN = 38; // pixels: thick enough for 8 x 8 shares of ink
const STEP = 10; // pixels that an arrow key moves the pen
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export async function start(stage, say) {
  const network = await Network.load("digits");
  stage.parentElement.dataset.difference = network.difference;

  const paper = make("canvas", {
    width: SIDE, height: SIDE, tabIndex: 0, className: "demo-paper", role: "application",
    "aria-label": "Paper to draw a digit on. Arrow keys move the pen, the space bar lowers and lifts it.",
  }); // prettier-ignore
  const pen = make("span", { className: "demo-pen", hidden: true });
  const answer = make("p", { className: "demo-answer" });
  const scores = bars([..."0123456789"], "How sure LeNet is of each digit");
  const scan = make("canvas", { role: "img", "aria-label": "What LeNet sees: 8 by 8 shares of ink, enlarged." });
  const maps = Array.from({ length: 6 }, (_, k) =>
    make("canvas", { role: "img", "aria-label": `Map ${k + 1} of 6 of the first layer.` }),
  );
  const clear = make("button", { type: "button", onclick: wipe }, "Clear");
  const samples = STROKES.map((strokes, digit) =>
    make("button", { type: "button", "aria-label": `Draw a sample ${digit}`, onclick: () => draw(strokes) }, `${digit}`),
  );
  stage.append(
    make("div", { className: "demo-columns" },
      make("div", {},
        make("div", { className: "demo-sheet" }, paper, pen),
        make("p", { className: "demo-buttons" }, clear),
        make("p", { className: "demo-buttons" }, make("span", {}, "Draw a sample: "), ...samples)),
      make("div", {}, answer, scores.list),
      make("div", {},
        make("p", { className: "demo-caption" }, "What LeNet sees"), scan,
        make("p", { className: "demo-caption" }, "Maps of its first layer"),
        make("div", { className: "demo-maps" }, ...maps))),
    make("p", { className: "demo-hint" },
      "Draw with a mouse, a finger or a pen. With a keyboard: arrow keys move the pen, the space bar lowers and lifts it, ",
      "Delete clears the paper."),
  ); // prettier-ignore

  const context = paper.getContext("2d", { willReadFrequently: true });
  Object.assign(context, { lineWidth: PEN, lineCap: "round", lineJoin: "round" });
  const tell = later(say);
  let at = [SIDE / 2, SIDE / 4];
  let down = false;
  let drawing = 0; // of a sample; a new number ends it
  let busy = null; // the answer that is being made
  let again = false; // the paper has changed since

  function line(from, to) {
    context.beginPath();
    context.moveTo(...from);
    context.lineTo(...to);
    context.stroke();
    changed();
  }

  function wipe() {
    drawing++;
    context.clearRect(0, 0, SIDE, SIDE);
    changed();
  }

  function changed() {
    again = true;
    busy ??= requestAnimationFrame(async () => {
      while (again) {
        again = false;
        await guarded(look, say)();
      }
      busy = null;
    });
  }

  async function look() {
    const began = performance.now();
    const ink = context.getImageData(0, 0, SIDE, SIDE).data.filter((_, k) => k % 4 === 3).map((alpha) => alpha >> 7);
    const data = shares(ink, SIDE, SIDE);
    if (data === null) {
      answer.textContent = "?";
      scores.clear();
      for (const canvas of [scan, ...maps]) paint(canvas, new Array(16).fill(0), 4);
      tell("The paper is empty: draw a digit.");
      return;
    }
    const found = await network.run({ ink: { type: "float32", dims: [1, 1, 32, 32], data } });
    const chances = softmax(found.scores.data);
    const best = scores.show(chances);
    answer.textContent = best;
    paint(scan, found.scan.data, 32, 1, [0, 0, 0]);
    const top = Math.max(...found.maps.data);
    maps.forEach((canvas, k) => paint(canvas, found.maps.data.subarray(784 * k, 784 * (k + 1)), 28, top));
    stage.parentElement.dataset.milliseconds = (performance.now() - began).toFixed(1);
    tell(`LeNet reads a ${best} (${percent(chances[best])}).`);
  }

  async function draw(strokes) {
    wipe();
    const mine = drawing;
    for (const points of strokes)
      for (let k = 1; k < points.length; k++) {
        if (mine !== drawing) return;
        line(...[points[k - 1], points[k]].map((point) => point.map((part) => part * SIDE)));
        if (!still()) await new Promise((next) => setTimeout(next, 12));
      }
  }

  function place(event) {
    const box = paper.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top].map((part) => (part * SIDE) / box.width);
  }

  paper.addEventListener("pointerdown", (event) => {
    drawing++;
    paper.setPointerCapture(event.pointerId);
    at = place(event);
    pen.hidden = true;
    line(at, at);
  });
  paper.addEventListener("pointermove", (event) => {
    if (!paper.hasPointerCapture(event.pointerId)) return;
    for (const one of event.getCoalescedEvents?.() ?? [event]) {
      const to = place(one);
      line(at, to);
      at = to;
    }
  });

  function showPen() {
    pen.hidden = false;
    pen.classList.toggle("demo-down", down);
    pen.style.left = `${(100 * at[0]) / SIDE}%`;
    pen.style.top = `${(100 * at[1]) / SIDE}%`;
  }
  paper.addEventListener("keydown", (event) => {
    if (event.key in ARROWS) {
      const to = ARROWS[event.key].map((way, k) => Math.min(SIDE, Math.max(0, at[k] + STEP * way)));
      if (down) line(at, to);
      at = to;
    } else if (event.key === " ") {
      down = !down;
      if (down) line(at, at);
      say(down ? "The pen is down." : "The pen is up.");
    } else if (event.key === "Delete" || event.key === "Backspace") wipe();
    else return;
    event.preventDefault();
    showPen();
  });
  paper.addEventListener("blur", () => {
    pen.hidden = true;
    down = false;
  });
  await look();
}
