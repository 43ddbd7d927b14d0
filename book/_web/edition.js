/* Called in a built page: its text as XHTML for the EPUB, or as a part of the one page that becomes the PDF.
   name: the page, `notebooks/03_lenet`; known: all pages of the edition; joined: all in one file. */
({ name, known, joined }) => {
  const REFERENCES = ["for", "headers", "aria-labelledby", "aria-describedby", "aria-controls"];
  const slug = (page) => page.replaceAll("/", "-");
  const own = (id) => (joined ? `${slug(name)}--${id}` : id);
  const root = new URL(name.replace(/[^/]+/g, "..").replace(/^\.\.\/?/, "./"), location.href);
  const article = document.querySelector("article.bd-article").cloneNode(true);
  const images = [];

  const gone = "script, style, .headerlink, form, button, input, textarea, iframe, canvas, .tag_setup, summary > .collapsed";
  for (const element of article.querySelectorAll(gone)) element.remove();
  for (const details of article.querySelectorAll("details")) details.setAttribute("open", "open");
  for (const title of article.querySelectorAll("summary > p")) title.replaceWith(...title.childNodes); // phrases alone
  for (const entry of article.querySelectorAll("[role=doc-biblioentry]")) entry.removeAttribute("role"); // no longer one

  for (const element of article.querySelectorAll("*")) {
    for (const { name: attribute } of [...element.attributes])
      if (/^(on|data-)/.test(attribute) || ["loading", "decoding", "align", "border"].includes(attribute))
        element.removeAttribute(attribute);
    for (const attribute of REFERENCES)
      if (element.hasAttribute(attribute))
        element.setAttribute(attribute, element.getAttribute(attribute).split(/\s+/).map(own).join(" "));
    if (element.id) element.id = own(element.id);
  }

  const pageOf = (url) => decodeURI(url.href.slice(root.href.length).split("#")[0]).replace(/\.html$/, "");
  for (const link of article.querySelectorAll("a[href], svg a")) {
    const written = link.getAttribute("href") ?? link.getAttribute("xlink:href");
    const url = new URL(written, location.href);
    if (!url.href.startsWith(root.href)) continue;
    const page = pageOf(url);
    const anchor = decodeURIComponent(url.hash.slice(1));
    const place = joined
      ? `#${slug(page)}${anchor ? `--${anchor}` : ""}`
      : `${page === name && anchor ? "" : `${slug(page)}.xhtml`}${anchor ? `#${anchor}` : ""}`;
    if (known.includes(page)) link.setAttribute("href", place);
    else link.removeAttribute("href");
  }
  for (const image of article.querySelectorAll("img")) {
    const url = new URL(image.getAttribute("src"), location.href);
    const file = decodeURI(url.href.slice(root.href.length));
    images.push(file);
    image.setAttribute("src", joined ? url.href : `images/${file.split("/").pop()}`);
  }
  for (const svg of article.querySelectorAll("svg")) svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");

  const section = document.createElement("section");
  section.id = slug(name);
  section.append(...article.childNodes);
  return {
    text: new XMLSerializer().serializeToString(section),
    title: (section.querySelector("h1")?.textContent ?? document.title).trim(),
    images: [...new Set(images)],
    sections: [...section.querySelectorAll("h2")].map((one) => [
      one.closest("section[id]")?.id ?? "",
      one.textContent.trim(),
    ]),
  };
}
