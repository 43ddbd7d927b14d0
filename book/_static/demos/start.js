/* Waits until a reader starts a demo; only then anything is loaded. A classic script, as pages opened from a folder
   may not load modules: there each demo says what it needs. */
(function () {
  "use strict";
  const here = new URL(".", document.currentScript.src);

  async function start(box) {
    const [button, says, stage] = [".demo-start button", ".demo-says", ".demo-stage"].map((one) => box.querySelector(one));
    const clicked = performance.now();
    button.disabled = true;
    says.textContent = "Loading the network and what runs it …";
    try {
      const { start } = await import(new URL(`${box.dataset.demo}.js`, here));
      stage.hidden = false;
      await start(stage, (text) => (says.textContent = text));
      button.parentElement.remove();
      box.dataset.ready = Math.round(performance.now() - clicked); // milliseconds from the click to the first answer
      stage.querySelector("canvas[tabindex], input, button")?.focus({ preventScroll: true });
    } catch (error) {
      console.error(error);
      stage.replaceChildren();
      stage.hidden = true;
      button.disabled = false;
      says.textContent = `The demo could not start: ${error.message} Press the button to try again.`;
    }
  }

  for (const box of document.querySelectorAll("[data-demo]")) {
    const button = box.querySelector(".demo-start button");
    if (location.protocol === "file:") {
      box.querySelector(".demo-says").textContent =
        "The demo runs on the site as a server gives it, not from a folder: in the site's folder, " +
        "python -m http.server 8000, then open http://localhost:8000/book/try_it.html.";
      continue;
    }
    button.disabled = false;
    button.addEventListener("click", () => start(box));
  }
})();
