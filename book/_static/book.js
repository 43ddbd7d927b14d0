/* What scrolls sideways can be reached by keyboard, and is named for those who hear the page; the print button prints. */
(function () {
  "use strict";
  const SCROLLERS = "article pre, article .pst-scrollable-table-container, article div.math, article .output";

  function mark() {
    for (const box of document.querySelectorAll(SCROLLERS)) {
      const wide = box.scrollWidth > box.clientWidth + 1;
      const scrolls = wide && /auto|scroll/.test(getComputedStyle(box).overflowX);
      if (scrolls === box.hasAttribute("data-scrolls")) continue;
      box.toggleAttribute("data-scrolls", scrolls);
      if (scrolls) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  }

  /* At its right end a box stops to fade. */
  function atEnd({ target: box }) {
    if (box.nodeType === Node.ELEMENT_NODE && box.hasAttribute("data-scrolls"))
      box.toggleAttribute("data-end", box.scrollLeft + box.clientWidth >= box.scrollWidth - 2);
  }

  document.addEventListener("scroll", atEnd, { capture: true, passive: true });
  for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => print());
  let waiting = 0;
  addEventListener("resize", () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(mark);
  });
  document.addEventListener("toggle", mark, true); // a folded part that opens
  mark();
})();
