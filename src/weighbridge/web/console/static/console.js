// Keyboard shortcuts. Every page works without this file. Live updates are in live.js.
(() => {
  "use strict";
  const help = document.getElementById("keys");
  const search = document.getElementById("search");
  const sections = new Map([...document.querySelectorAll("nav a[data-key]")].map((one) => [one.dataset.key, one.href]));
  let going = false;

  const typing = (target) => target.closest("input, textarea, select, dialog[open]") !== null;
  const rows = () => [...document.querySelectorAll("main tbody a[data-row], main a[data-row]")];

  function step(by) {
    const all = rows();
    if (!all.length) return;
    const at = all.indexOf(document.activeElement);
    const next = all[Math.min(Math.max(at + by, 0), all.length - 1)];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (typing(event.target)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (going) {
      going = false;
      const address = sections.get(event.key);
      if (address) { event.preventDefault(); location.assign(address); }
      return;
    }
    switch (event.key) {
      case "/": if (search) { event.preventDefault(); search.focus(); search.select(); } break;
      case "g": going = true; setTimeout(() => { going = false; }, 1500); break;
      case "j": event.preventDefault(); step(1); break;
      case "k": event.preventDefault(); step(-1); break;
      case "?": if (help && !help.open) { event.preventDefault(); help.showModal(); } break;
      default: return;
    }
  });
  const current = document.querySelector(".nav [aria-current]");
  if (current && current.parentElement.scrollWidth > innerWidth) current.parentElement.scrollLeft = current.offsetLeft - 24;
  for (const one of document.querySelectorAll("[data-opens-help]")) {
    one.hidden = false;
    one.addEventListener("click", () => help.showModal());
  }
  for (const one of document.querySelectorAll("form[data-once]")) {
    // After the submit event: a disabled button would not send its value.
    one.addEventListener("submit", () => setTimeout(() => {
      for (const button of one.querySelectorAll("button")) button.disabled = true;
    }));
  }
  const all = document.querySelector("[data-check-all]");
  if (all) all.addEventListener("change", () => {
    for (const one of document.querySelectorAll(`input[name="${all.dataset.checkAll}"]`)) one.checked = all.checked;
  });
})();
