/* Light or dark, chosen before anything is drawn: loaded first, and waited for. */
(function (root) {
  root.mode = localStorage.getItem("mode") || "auto";
  root.theme = root.mode !== "auto" ? root.mode : matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
})(document.documentElement.dataset);
