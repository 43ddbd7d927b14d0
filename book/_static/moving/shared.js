/* What the moving pictures share: elements, buttons that step and play, numbers as people write them.
   Classic scripts, since a page opened from a folder may not load modules. */
const Moving = (() => {
  "use strict";
  const SPACE = "http://www.w3.org/2000/svg";
  const calm = matchMedia("(prefers-reduced-motion: reduce)");

  function fill(node, attributes, children) {
    for (const [name, value] of Object.entries(attributes))
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (value !== false && value != null) node.setAttribute(name, value === true ? "" : value);
    node.append(...children);
    return node;
  }
  const html = (name, attributes = {}, ...children) => fill(document.createElement(name), attributes, children);
  const svg = (name, attributes = {}, ...children) => fill(document.createElementNS(SPACE, name), attributes, children);

  /* A drawing of `width` by `height` px that shrinks with its column; `label` is heard in its place. */
  const drawing = (width, height, label, ...children) =>
    svg("svg", { viewBox: `-2 -2 ${width + 4} ${height + 4}`, width: width + 4, height: height + 4, role: "img", "aria-label": label }, ...children);

  /* −1.25, with a true minus; no −0, no zeros at the end. */
  function number(value, digits = 2) {
    const text = String(Number(value.toFixed(digits)) + 0);
    return text.replace("-", "−");
  }

  /* A field or list of choices with its label; `key` becomes the name by which a picture finds it. */
  const labelled = (text, field) => html("label", {}, html("span", {}, text), field);
  const choice = (options, onchange) =>
    html("select", { onchange }, ...options.map(([value, text]) => html("option", { value }, text)));

  /* What the picture says; those who hear the page are told when it changes. */
  const says = () => html("p", { class: "says", role: "status", "aria-live": "polite" });

  /* Buttons that walk: `step` and `back` return whether there was a way to go. While it plays, nothing is read aloud.
     Where the reader's system asks for less motion, ten steps at once take the place of playing. */
  function player({ step, back, restart, heard, wait = 600 }) {
    let timer = 0;
    const play = html("button", { type: "button", onclick: toggle });
    const button = (text, act) => html("button", { type: "button", onclick: () => (pause(), act()) }, text);

    function name() {
      play.textContent = calm.matches ? "Ten steps" : timer ? "Pause" : "Play";
      heard.setAttribute("aria-live", timer ? "off" : "polite");
    }
    function pause() {
      clearInterval(timer);
      timer = 0;
      name();
    }
    function toggle() {
      if (calm.matches) {
        for (let n = 0; n < 10 && step(); n++);
        return;
      }
      if (timer) return pause();
      timer = setInterval(() => step() || pause(), wait);
      name();
      if (!step()) pause();
    }
    calm.addEventListener("change", pause);
    name();
    const row = html("div", { class: "buttons" }, button("Restart", restart));
    if (back) row.append(button("Back", back));
    row.append(button("Step", step), play);
    return { row, pause };
  }

  /* A text as a row of letters, one of them chosen: by a slider (arrow keys), by pointing, by a player's steps.
     `changed` hears the chosen place; it fills the letters, which are empty but for their character. */
  function line(text, start, changed) {
    let at = start;
    const letters = [...text].map((character, k) =>
      html("span", { class: "letter", onmouseenter: () => to(k), onclick: () => to(k) }, html("b", {}, seen(character))));
    const field = html("input", { type: "range", min: 0, max: letters.length - 1, value: start, oninput: () => to(field.valueAsNumber) });
    function to(place) {
      at = Math.max(0, Math.min(place, letters.length - 1));
      field.value = at;
      field.setAttribute("aria-valuetext", `${spoken(text[at])}, place ${at + 1}`);
      letters.forEach((letter, k) => letter.classList.toggle("chosen", k === at));
      changed(at);
      return at < letters.length - 1;
    }
    return { field, letters, to, at: () => at, strip: html("div", { class: "strip", "aria-hidden": "true" }, ...letters) };
  }
  const seen = (character) => (character === " " ? "␣" : character);
  const spoken = (character) => (character === " " ? "a space" : `“${character}”`);

  /* Puts what `make` returns into the container `id`, in the place of its still picture. */
  function picture(id, make) {
    const box = document.getElementById(id);
    box.append(html("div", { class: "stage" }, ...make()));
    box.classList.add("live");
  }

  return { html, svg, drawing, number, labelled, choice, says, player, line, spoken, seen, picture };
})();
