/* Is my run normal? Reads `label: number unit` lines, marks the numbers beside those of the recorded runs. */
(function () {
  "use strict";
  const LINE = /^\s*(.+?):\s*([-+]?[\d,]*\.?\d+(?:e[-+]?\d+)?)(?![\d.])/i;
  const form = document.getElementById("my-run-form");
  if (!form) return;
  const text = document.getElementById("my-run-text");
  const said = document.getElementById("my-run-said");
  const chapters = [...document.querySelectorAll("details.my-run")];
  form.hidden = false;

  const rowsOf = (chapter) => [...chapter.querySelectorAll("tbody tr")];

  /* [label, number as printed] of each line that has that form. */
  function printed(source) {
    const lines = source.split("\n").map((line) => LINE.exec(line));
    return lines.filter(Boolean).map((found) => [found[1].trim(), found[2]]);
  }

  /* Rows of a chapter and what was printed for them; a label that stands twice is taken in order. */
  function matches(chapter, pairs) {
    const left = [...pairs];
    return rowsOf(chapter).flatMap((row) => {
      const at = left.findIndex(([label]) => label === row.dataset.label);
      return at < 0 ? [] : [[row, left.splice(at, 1)[0][1]]];
    });
  }

  /* Where a number lies: -1 below all runs, 1 above, 0 within, null for no number. */
  function side(row, number) {
    if (!Number.isFinite(number)) return null;
    return number < +row.dataset.low ? -1 : number > +row.dataset.high ? 1 : 0;
  }

  function mark(row) {
    const input = row.querySelector("input");
    const words = input.value.replaceAll(",", "").trim();
    const number = words === "" ? NaN : Number(words);
    const where = side(row, number);
    const verdict = row.querySelector(".verdict");
    verdict.textContent =
      words === "" ? "" : where === null ? "not a number" : ["below all", "within", "above all"][where + 1];
    row.dataset.where = where === null ? "" : where;
    const svg = row.querySelector("svg.strip");
    svg.querySelector(".mine")?.remove();
    if (where === null) return where;
    const low = +row.dataset.low;
    const high = +row.dataset.high;
    const inside = high > low ? (number - low) / (high - low) : 0.5 + 0.7 * where;
    const edge = +svg.dataset.edge;
    const x = edge + Math.min(Math.max(inside, -0.2), 1.2) * (svg.viewBox.baseVal.width - 2 * edge);
    const shape = document.createElementNS("http://www.w3.org/2000/svg", "path");
    shape.setAttribute("class", "mine");
    shape.setAttribute("d", `M${x.toFixed(1)} 9l-4 -8h8z`);
    svg.append(shape);
    return where;
  }

  function tell(chapter, found) {
    const outside = found.map(([row]) => row).filter((row) => Math.abs(row.dataset.where) === 1);
    const name = chapter.dataset.title;
    const first = document.createElement("p");
    const within = found.length - outside.length;
    first.textContent =
      `${found.length} of these lines are values of chapter ${name}; ` +
      `${within} ${within === 1 ? "lies" : "lie"} within the recorded runs.`;
    const list = document.createElement("ul");
    for (const row of outside) {
      const item = document.createElement("li");
      const [low, , high] = [...row.querySelectorAll("td")].map((cell) => cell.textContent);
      item.textContent =
        `${row.dataset.label}: ${row.querySelector("input").value}, in the recorded runs ` +
        (low === high ? `always ${low}.` : `${low} to ${high}.`);
      list.append(item);
    }
    said.replaceChildren(first, ...(outside.length ? [list] : []));
  }

  function clear() {
    for (const chapter of chapters)
      for (const row of rowsOf(chapter)) {
        row.querySelector("input").value = "";
        mark(row);
      }
    said.replaceChildren();
  }

  function read() {
    clear();
    const pairs = printed(text.value);
    const found = chapters.map((chapter) => [chapter, matches(chapter, pairs)]);
    const [best, rows] = found.reduce((a, b) => (b[1].length > a[1].length ? b : a), [null, []]);
    if (best === null) {
      if (text.value.trim())
        said.textContent =
          "No line of this is a value that a chapter records: such a line has a label, a colon and a number.";
      return;
    }
    for (const [row, number] of rows) {
      row.querySelector("input").value = number;
      mark(row);
    }
    best.open = true;
    tell(best, rows);
  }

  text.addEventListener("input", read);
  document.getElementById("my-run-clear").addEventListener("click", () => {
    text.value = "";
    clear();
    text.focus();
  });
  document.getElementById("my-run").addEventListener("input", (event) => {
    const row = event.target.closest("tr");
    if (row) mark(row);
  });

  /* A link to a chapter's table opens it. */
  function openLinked() {
    const chapter = chapters.find((one) => `#${one.id}` === location.hash);
    if (chapter) {
      chapter.open = true;
      chapter.scrollIntoView();
    }
  }
  addEventListener("hashchange", openLinked);
  openLinked();
})();
