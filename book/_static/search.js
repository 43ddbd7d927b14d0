/* The book's search: sections with excerpts. Sphinx's stemmer (language_data.js) and BM25 over titles and text.
   British and American spellings are one word; Chinese is looked up by pairs of characters. */
(function () {
  "use strict";
  const K = 1.2, B = 0.6; // BM25: how soon repeats stop to count, how much length does
  const TITLE = 5, PAGE = 2.5, SYNONYM = 0.6, WHOLE = 12, ALL = 8, FIRST = 1.15, LATER = 0.8;
  const KIND = [[/^notebooks\//, 1.3], [/old_code/, 0.85], [/reference\.html/, 0.4], [/glossary/, 0.65]];
  const KEPT = /^transformers?$/; // whose stem is that of another thing
  const CJK = /[\u3400-\u9fff]/;
  const stemmer = new Stemmer();
  const stops = new Set(stopwords);

  function american(word) {
    return word
      .replace(/is(e[srd]?|ing|ations?|able)$/, "iz$1")
      .replace(/yse([srd]?)$/, "yze$1")
      .replace(/(col|behavi|fav|neighb|lab|hon)our/, "$1or")
      .replace(/^(cent|met|fib)re(s?)$/, "$1er$2")
      .replace(/([aeiou])ll(ed|ing|er)$/, "$1l$2")
      .replace(/^gr(e)y/, "gray")
      .replace(/ogue(s?)$/, "og$1");
  }

  /* The words of a text as they are compared: stems, parts of identifiers, pairs of Chinese characters. */
  function words(text) {
    const found = [];
    for (const [piece] of text.matchAll(/[\u3400-\u9fff]+|[\p{L}\p{N}_]+/gu)) {
      if (CJK.test(piece)) {
        if (piece.length === 1) found.push(piece);
        for (let i = 0; i + 1 < piece.length; i++) found.push(piece.slice(i, i + 2));
        continue;
      }
      const parts = piece.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase().split("_").filter(Boolean);
      for (const part of parts.length > 1 ? [...parts, parts.join("")] : parts)
        if (KEPT.test(part)) found.push(part.replace(/s$/, ""));
        else if (!stops.has(part)) found.push(stemmer.stemWord(american(part)));
    }
    return found;
  }

  function counts(list) {
    const found = new Map();
    for (const word of list) found.set(word, (found.get(word) || 0) + 1);
    return found;
  }

  function prepare(source) {
    const entries = [], spread = new Map();
    for (const page of source.pages) {
      const pageTitle = words(page.title);
      for (const [anchor, title, level, text] of page.sections) {
        const entry = { page, anchor, title, level, text, titled: counts(words(title)), paged: counts(pageTitle) };
        const body = words(text);
        entry.body = counts(body);
        entry.length = body.length + 8;
        for (const word of new Set([...entry.titled.keys(), ...entry.body.keys()]))
          spread.set(word, (spread.get(word) || 0) + 1);
        entries.push(entry);
      }
    }
    const mean = entries.reduce((sum, entry) => sum + entry.length, 0) / entries.length;
    const groups = source.synonyms.map((group) => group.map((phrase) => words(phrase)));
    return { entries, spread, mean, groups };
  }

  /* {word: weight} of what is looked for: the query's own words, and lighter those that mean the same. */
  function wanted(index, query) {
    const own = words(query), found = new Map(own.map((word) => [word, 1]));
    for (const group of index.groups)
      if (group.some((phrase) => phrase.length && phrase.every((word) => own.includes(word))))
        for (const phrase of group)
          for (const word of phrase)
            if (!found.has(word)) found.set(word, SYNONYM / Math.sqrt(phrase.length));
    return { own, found };
  }

  function known(index, word) {
    if (index.spread.has(word) || word.length < 3 || CJK.test(word)) return [word];
    return [...index.spread.keys()].filter((one) => one.startsWith(word)).slice(0, 20); // a word not yet typed out
  }

  function score(index, entry, own, found) {
    let sum = 0, titled = 0, seen = 0;
    for (const [word, weight] of found)
      for (const one of known(index, word)) {
        const rare = Math.log(1 + (index.entries.length + 0.5) / ((index.spread.get(one) || 0) + 0.5));
        const text = entry.body.get(one) || 0, title = entry.titled.get(one) || 0, page = entry.paged.get(one) || 0;
        const norm = K * (1 - B + (B * entry.length) / index.mean);
        sum += weight * rare * ((text * (K + 1)) / (text + norm) + TITLE * Math.min(1, title)
          + PAGE * Math.min(1, page) * (text || title ? 1 : 0));
        if (weight === 1 && title) titled++;
        if (weight === 1 && (title || text || page)) seen++;
      }
    if (own.length && titled >= own.length) sum += WHOLE; // every word in the title
    if (own.length > 1 && seen >= own.length) sum += ALL;
    const length = [...entry.titled.values()].reduce((a, b) => a + b, 0);
    if (titled >= own.length && length === own.length) sum += WHOLE; // the title is what was typed
    const kind = KIND.find(([form]) => form.test(entry.page.path)) || [0, 1];
    return sum * kind[1] * (entry.level === 1 ? FIRST : /^Exercise /.test(entry.title) ? LATER : 1);
  }

  function find(query, most = 30) {
    const index = (find.index = find.index || prepare(window.BOOK_SECTIONS));
    const { own, found } = wanted(index, query);
    if (!own.length) return [];
    return index.entries
      .map((entry) => ({ entry, score: score(index, entry, own, found) }))
      .filter((one) => one.score > 0)
      .sort((a, b) => b.score - a.score)
      .slice(0, most)
      .map(({ entry, score }) => ({ path: entry.page.path, anchor: entry.anchor, page: entry.page.title,
        title: entry.title, excerpt: excerpt(entry.text, found, index), score }));
  }

  /* The piece of a text with most of the words, as [text, whether it was looked for] pairs. */
  function excerpt(text, found, index) {
    const sought = new Set([...found.keys()].flatMap((word) => known(index, word)));
    const marks = [...text.matchAll(/[\u3400-\u9fff]+|[\p{L}\p{N}_]+/gu)]
      .filter(([piece]) => words(piece).some((word) => sought.has(word)))
      .map((match) => [match.index, match.index + match[0].length]);
    const near = (at) => marks.filter(([start]) => start >= at && start < at + 180).length;
    const best = marks.reduce((top, [start]) => (near(start) > near(top) ? start : top), marks.length ? marks[0][0] : 0);
    const from = best < 60 ? 0 : text.indexOf(" ", best - 60) + 1, to = Math.min(text.length, from + 240);
    const pieces = [[from ? "… " : "", false]];
    let end = from;
    for (const [start, stop] of marks.filter(([start, stop]) => start >= from && stop <= to)) {
      pieces.push([text.slice(end, start), false], [text.slice(start, stop), true]);
      end = stop;
    }
    pieces.push([text.slice(end, to) + (to < text.length ? " …" : ""), false]);
    return pieces.filter(([piece]) => piece);
  }

  function element(tag, inside, properties = {}) {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...inside);
    return made;
  }

  function show(query) {
    const found = find(query);
    const root = document.documentElement.dataset.content_root || "./";
    const items = found.map((one) => {
      const href = `${root}${one.path}${one.anchor ? "#" + one.anchor : ""}`;
      const [, number] = one.path.match(/notebooks\/(\d\d)_/) || ["", ""];
      const title = `${number} ${one.page}`.trim();
      const link = element("a", [one.title === one.page ? title : one.title || title], { href });
      const page = one.title === one.page ? [] : [element("span", [title], { className: "result-page" })];
      const text = one.excerpt.map(([piece, hit]) => (hit ? element("mark", [piece]) : piece));
      return element("li", [link, ...page, element("p", text)]);
    });
    document.getElementById("book-results").replaceChildren(...items);
    const count = found.length ? `${found.length} section${found.length === 1 ? "" : "s"} found` : "Nothing found";
    document.getElementById("search-count").textContent = query.trim() ? `${count} for “${query.trim()}”.` : "";
  }

  window.bookSearch = { find };
  const field = document.getElementById("page-search");
  field.value = new URLSearchParams(location.search).get("q") || "";
  field.addEventListener("input", () => show(field.value));
  field.focus();
  show(field.value);
})();
