/* Parts of pages that more than one demo has. */

/** An element with properties, attributes (data-..., aria-..., role) and children. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties))
    if (name in element && !name.startsWith("aria")) element[name] = value;
    else element.setAttribute(name, value);
  element.append(...children);
  return element;
}

export const percent = (share) => `${(100 * share).toFixed(share >= 0.0995 && share < 0.99 ? 0 : 1)} %`;

/** A list of names with a bar and a share each; `show(shares)` fills it and returns the place of the largest. */
export function bars(names, label) {
  const rows = names.map((name) => {
    const [bar, share] = [make("span", { className: "demo-bar" }), make("span", { className: "demo-share" })];
    return { bar, share, item: make("li", {}, make("span", { className: "demo-name" }, name), bar, share) };
  });
  const list = make("ul", { className: "demo-bars", "aria-label": label }, ...rows.map(({ item }) => item));
  function show(shares) {
    const best = shares.indexOf(Math.max(...shares));
    rows.forEach(({ bar, share, item }, k) => {
      bar.style.setProperty("--share", shares[k]);
      share.textContent = percent(shares[k]);
      item.classList.toggle("demo-best", k === best);
    });
    return best;
  }
  function clear() {
    for (const { bar, share, item } of rows) {
      bar.style.setProperty("--share", 0);
      share.textContent = "";
      item.classList.remove("demo-best");
    }
  }
  clear();
  return { list, show, clear };
}

/** Draw numbers (height * width), 0 to `most`, into a canvas: paper to ink. */
export function paint(canvas, data, width, most = 1, ink = [15, 111, 106]) {
  [canvas.width, canvas.height] = [width, data.length / width];
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  data.forEach((value, k) => image.data.set([...ink, 255 * Math.min(1, Math.max(0, value / most))], 4 * k));
  context.putImageData(image, 0, 0);
}

/** Say something when nothing has changed for a while, so that those who hear the page are not told each step. */
export function later(say, wait = 400) {
  let timer;
  return (text) => {
    clearTimeout(timer);
    timer = setTimeout(() => say(text), wait);
  };
}

/** The same work, which says what stopped it. */
export const guarded = (work, say) => (...given) =>
  work(...given).catch((error) => say(`The demo has stopped: ${error.message}`));

export const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
