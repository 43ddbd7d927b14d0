/* A picture, chosen or dropped: the scores of each class, and a map of what the answer depends on. */
import { bars, make, paint, percent } from "./parts.js";
import { read } from "./resize.js";
import { fetched, Network, softmax } from "./runtime.js";

const PLACES = 7; // of the patch, a side
const GREY = 128;

export async function show(stage, say, name) {
  const [network, about] = await Promise.all([Network.load(name), fetched(`networks/${name}.json`, "json")]);
  const { classes, size, samples } = about;
  const box = stage.parentElement;
  box.dataset.difference = network.difference;

  const picture = make("canvas", { width: size, height: size, className: "demo-picture", role: "img", "aria-label": "The picture as the network sees it." }); // prettier-ignore
  const heat = make("canvas", { className: "demo-heat", role: "img", hidden: true });
  const scores = bars(classes, "How sure the network is of each class");
  const file = make("input", { type: "file", accept: "image/*", onchange: () => file.files[0] && take(file.files[0], file.files[0].name) }); // prettier-ignore
  const tries = await Promise.all(
    samples.map(async ({ file }, k) => {
      const blob = await fetched(`networks/${file}`, "blob");
      const image = make("img", { src: URL.createObjectURL(blob), alt: "", width: 72, height: 72 });
      return make("button", { type: "button", "aria-label": `Sample ${k + 1}`, onclick: () => take(blob, `Sample ${k + 1}`) }, image); // prettier-ignore
    }),
  );
  const where = make("button", { type: "button", disabled: true, onclick: occlude }, "What does it look at?");
  const caption = make("p", { className: "demo-caption" });
  stage.append(
    make("div", { className: "demo-columns" },
      make("div", {},
        make("p", { className: "demo-drop" }, make("label", {}, "Choose a picture, or drop one here: ", file)),
        make("p", { className: "demo-buttons demo-samples" }, make("span", {}, "Or try one of these: "), ...tries)),
      make("div", {},
        make("div", { className: "demo-pair" }, picture, heat),
        make("p", { className: "demo-buttons" }, where), caption),
      make("div", {}, scores.list)),
  ); // prettier-ignore

  let pixels = null;
  let taken = 0; // pictures so far: an answer to an earlier one is dropped
  let best = 0;

  async function ask(data, count = 1) {
    const found = await network.run({ pixels: { type: "float32", dims: [count, 3, size, size], data } });
    return Array.from({ length: count }, (_, k) =>
      found.scores.data.subarray(k * classes.length, (k + 1) * classes.length),
    );
  }

  async function take(source, called) {
    const mine = ++taken;
    try {
      const began = performance.now();
      const read_pixels = await read(source, size, called);
      const chances = softmax((await ask(read_pixels))[0]);
      if (mine !== taken) return;
      pixels = read_pixels;
      draw();
      best = scores.show(chances);
      where.disabled = false;
      heat.hidden = true;
      caption.textContent = "";
      box.dataset.milliseconds = (performance.now() - began).toFixed(1);
      say(`${called}: ${classes[best]} (${percent(chances[best])}).`);
    } catch (error) {
      say(error.message);
    }
  }

  function draw() {
    const context = picture.getContext("2d");
    const image = context.createImageData(size, size);
    for (let k = 0; k < size * size; k++)
      image.data.set([pixels[k], pixels[size * size + k], pixels[2 * size * size + k], 255], 4 * k);
    context.putImageData(image, 0, 0);
  }

  /* A grey patch, a quarter of the side, is laid on each of 7 x 7 places: by how much does the score of the answer fall? */
  async function occlude() {
    const [mine, patch] = [taken, Math.round(size / 4)];
    const starts = Array.from({ length: PLACES }, (_, k) => Math.round((k * (size - patch)) / (PLACES - 1)));
    where.disabled = true;
    try {
      const [whole] = await ask(pixels);
      const drops = [];
      for (const top of starts) {
        const batch = new Float32Array(PLACES * pixels.length);
        starts.forEach((left, k) => {
          batch.set(pixels, k * pixels.length);
          for (let color = 0; color < 3; color++)
            for (let y = top; y < top + patch; y++) {
              const row = k * pixels.length + (color * size + y) * size + left;
              batch.fill(GREY, row, row + patch);
            }
        });
        for (const scores of await ask(batch, PLACES)) drops.push(whole[best] - scores[best]);
        say(`Covering parts of the picture: ${drops.length} of ${PLACES ** 2} …`);
        await new Promise((next) => setTimeout(next)); // so that the page stays alive
        if (mine !== taken) return;
      }
      const most = Math.max(...drops);
      paint(heat, drops, PLACES, Math.max(most, 1e-6), [91, 33, 182]);
      heat.hidden = false;
      const [row, column] = [Math.floor(drops.indexOf(most) / PLACES), drops.indexOf(most) % PLACES];
      const third = (place) => Math.floor((3 * place) / PLACES);
      const words = [["top", "", "bottom"][third(row)], ["left", "", "right"][third(column)]].filter(Boolean).join(" ");
      const there = words ? `at the ${words}` : "in the middle";
      const fall = `from ${whole[best].toFixed(1)} to ${(whole[best] - most).toFixed(1)}`;
      const told = `The score of ${classes[best]} falls most, ${fall}, with a grey patch ${there}.`;
      heat.setAttribute("aria-label", told);
      caption.textContent = "The more violet, the more the score of the answer falls when a grey patch covers that place.";
      say(told);
    } catch (error) {
      say(`The map could not be made: ${error.message}`);
    } finally {
      where.disabled = false;
    }
  }

  const drop = stage.querySelector(".demo-drop");
  drop.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("demo-over");
  });
  drop.addEventListener("dragleave", () => drop.classList.remove("demo-over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("demo-over");
    const [first] = event.dataTransfer.files;
    if (first) take(first, first.name);
  });
  const blob = await fetched(`networks/${samples[0].file}`, "blob");
  await take(blob, "Sample 1");
}
