// The chosen theme, before the first paint. A classic script of its own, because a module runs after
// the page was painted once, and then a dark room would open with a white flash.
(() => {
  try {
    const theme = localStorage.getItem("imagine.theme");
    if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
  } catch {
    // storage is off: the system decides
  }
})();
