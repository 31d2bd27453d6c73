// Parts marked data-live stay fresh without a reload. Nothing moves under the reader's hands: while somebody types,
// selects or moves, what is new waits; focus, open details and the place on the screen stay. Without this file the
// pages show what they showed when they were opened.
(() => {
  "use strict";
  const live = [...document.querySelectorAll("[data-live]")];
  if (!live.length) return;
  const says = document.getElementById("live-says");
  const note = document.getElementById("live-note");
  const words = note.querySelector("span");
  const show = note.querySelector("button");
  const RESTS_AFTER = 2000;
  const LOST_AFTER = 3;
  let touched = 0, failures = 0, waiting = null, soon = null;

  for (const kind of ["pointermove", "pointerdown", "keydown", "wheel", "touchmove"]) {
    addEventListener(kind, () => { touched = Date.now(); }, { passive: true });
  }

  const changed = (one) => {
    if (one.type === "hidden" || one.type === "submit" || one.tagName === "BUTTON") return false;
    if (one.type === "checkbox" || one.type === "radio") return one.checked !== one.defaultChecked;
    if (one.tagName === "SELECT") {
      const meant = [...one.options].findIndex((option) => option.defaultSelected);
      return one.selectedIndex !== Math.max(meant, 0);
    }
    return one.value !== one.defaultValue;
  };
  const filling = () => {
    const at = document.activeElement;
    return (at && at.matches("main input, main textarea, main select")) || document.querySelector("dialog[open]") !== null
      || [...document.querySelectorAll("main input, main textarea, main select")].some(changed);
  };
  const selecting = () => {
    const selection = getSelection();
    return selection && !selection.isCollapsed && live.some((one) => one.contains(selection.anchorNode));
  };

  // Ages change all the time and say nothing new.
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

  function tell(page) {
    const before = live.map((one) => one.dataset.says || "").join(" ");
    for (const part of live) {
      const fresh = page.getElementById(part.id);
      if (fresh && fresh.dataset.says) part.dataset.says = fresh.dataset.says;
    }
    const now = live.map((one) => one.dataset.says || "").join(" ");
    if (now !== before) says.textContent = now;
  }

  function apply(page) {
    waiting = null;
    note.hidden = true;
    for (const part of live) {
      const fresh = page.getElementById(part.id);
      if (fresh) put(part, fresh);
    }
    tell(page);
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
      words.textContent = "Something has changed here since.";
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
      words.textContent = "This page is no longer fresh: the console does not answer, or you were signed out. Reload it.";
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
