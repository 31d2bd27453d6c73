// Updates elements marked data-live without a reload. An update waits while the user types, selects text or moves the
// pointer; focus, open details and the scroll position stay. Without this file, pages show the state at their load.
(() => {
  "use strict";
  const live = [...document.querySelectorAll("[data-live]")];
  if (!live.length) return;
  const says = document.getElementById("live-says");
  const note = document.getElementById("live-note");
  const message = note.querySelector("span");
  const show = note.querySelector("button");
  const RESTS_AFTER = 2000;
  const LOST_AFTER = 3;
  let touched = 0, failures = 0, waiting = null, soon = null;

  for (const kind of ["pointermove", "pointerdown", "keydown", "wheel", "touchmove"]) {
    addEventListener(kind, () => { touched = Date.now(); }, { passive: true });
  }

  const changed = (field) => {
    if (field.type === "hidden" || field.type === "submit" || field.tagName === "BUTTON") return false;
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    if (field.tagName === "SELECT") {
      const selected = [...field.options].findIndex((option) => option.defaultSelected);
      return field.selectedIndex !== Math.max(selected, 0);
    }
    return field.value !== field.defaultValue;
  };
  const filling = () => {
    const at = document.activeElement;
    return (at && at.matches("main input, main textarea, main select")) || document.querySelector("dialog[open]") !== null
      || [...document.querySelectorAll("main input, main textarea, main select")].some(changed);
  };
  const selecting = () => {
    const selection = getSelection();
    return selection && !selection.isCollapsed && live.some((element) => element.contains(selection.anchorNode));
  };

  // Ages change all the time and are no news.
  const meaning = (part) => {
    const copy = part.cloneNode(true);
    for (const one of copy.querySelectorAll("time")) one.textContent = "";
    for (const one of copy.querySelectorAll("details")) one.removeAttribute("open");
    return copy.innerHTML;
  };
  const named = (part, at) => [...part.querySelectorAll("a[href], summary, button")].find((one) =>
    at.getAttribute("href") ? one.getAttribute("href") === at.getAttribute("href") : one.textContent === at.textContent);
  const focused = (part) => part.contains(document.activeElement) ? document.activeElement : null;

  function put(part, fresh) {
    const at = focused(part);
    const marks = [...part.querySelectorAll("a[data-row]")];
    const mark = at || marks.find((one) => one.getBoundingClientRect().top >= 0);
    const top = mark ? mark.getBoundingClientRect().top : 0;
    const open = new Set([...part.querySelectorAll("details[open]")].map((one) => one.id));
    part.replaceChildren(...fresh.childNodes);
    for (const one of part.querySelectorAll("details")) if (one.id && open.has(one.id)) one.open = true;
    const again = mark && named(part, mark);
    if (again && at) again.focus({ preventScroll: true });
    if (again) scrollBy(0, again.getBoundingClientRect().top - top);
  }

  function announce(page) {
    const before = live.map((element) => element.dataset.says || "").join(" ");
    for (const part of live) {
      const fresh = page.getElementById(part.id);
      if (fresh && fresh.dataset.says) part.dataset.says = fresh.dataset.says;
    }
    const now = live.map((element) => element.dataset.says || "").join(" ");
    if (now !== before) says.textContent = now;
  }

  function apply(page) {
    waiting = null;
    note.hidden = true;
    for (const part of live) {
      const fresh = page.getElementById(part.id);
      if (fresh) put(part, fresh);
    }
    announce(page);
  }

  const lost = (page) => live.some((part) => {
    const at = focused(part), fresh = page.getElementById(part.id);
    return at && fresh && !named(fresh, at);
  });

  function consider(page) {
    clearTimeout(soon);
    const parts = live.map((part) => [part, page.getElementById(part.id)]).filter(([, fresh]) => fresh);
    if (parts.every(([part, fresh]) => meaning(part) === meaning(fresh))) {
      for (const [part, fresh] of parts) {
        const times = [...fresh.querySelectorAll("time")];
        [...part.querySelectorAll("time")].forEach((one, at) => { if (times[at]) one.textContent = times[at].textContent; });
      }
      waiting = null;
      note.hidden = true;
      return;
    }
    waiting = page;
    if (filling() || selecting() || lost(page)) {
      message.textContent = "This page has changed.";
      show.hidden = false;
      note.hidden = false;
    } else if (Date.now() - touched < RESTS_AFTER) {
      soon = setTimeout(() => { if (waiting) consider(waiting); }, RESTS_AFTER);
    } else {
      apply(page);
    }
  }

  async function refresh() {
    if (document.hidden) return;
    try {
      const answer = await fetch(location.href, { headers: { "x-live": "1" }, redirect: "error" });
      if (!answer.ok) throw new Error(String(answer.status));
      failures = 0;
      consider(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch {
      failures += 1;
      if (failures < LOST_AFTER) return;
      message.textContent = "This page is out of date: the console does not respond, or you are signed out. Reload the page.";
      show.hidden = true;
      note.hidden = false;
    }
  }

  show.addEventListener("click", () => {
    if (waiting) apply(waiting);
    document.getElementById("main").focus({ preventScroll: true });
  });
  document.addEventListener("visibilitychange", refresh);
  setInterval(refresh, 1000 * Number(live[0].dataset.live));
})();
