// Makes searching quicker: suggestions, and results while typing. Every page works without it.
// It asks this site only, and keeps nothing.

const WAIT_MS = 120;

/** What a search puts in place of what is there: the columns of results, or what one begins with. */
const PARTS = "main > .columns, main > .start";

const form = document.getElementById("search");
const input = document.getElementById("q");
const status = document.getElementById("status");

if (form && input) {
  if (status && document.querySelector(PARTS)) searchWhileTyping();
  suggest();
  narrowFacets();
  // Hides the buttons that it replaces, once all of it works.
  document.documentElement.classList.add("js");
}

/** Calls `run` once nothing has happened for a moment. */
function later(run) {
  let timer;
  const call = (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => run(...values), WAIT_MS);
  };
  call.stop = () => clearTimeout(timer);
  return call;
}

/** The address of what the form asks, without what is empty. */
function asked() {
  const address = new URL(form.action);
  for (const [name, value] of new FormData(form)) {
    if (value !== "" && !(name === "sort" && isUsualOrder())) address.searchParams.append(name, value);
  }
  return address;
}

/** An order that nobody chose is left out of the address. */
function isUsualOrder() {
  const sort = document.getElementById("sort");
  return sort && !sort.dataset.chosen && !new URL(location.href).searchParams.has("sort");
}

function searchWhileTyping() {
  let running;

  /** Shows the page at an address in place of this one, without losing the focus. */
  async function show(address, remember) {
    running?.abort();
    running = new AbortController();
    try {
      const page = await load(withWhole(address), { signal: running.signal });
      const next = page.querySelector(PARTS);
      if (!next) return location.assign(address);
      if (remember === "push") history.pushState(null, "", address);
      if (remember === "replace") history.replaceState(null, "", address);
      put(next);
      document.title = page.title;
    } catch (failure) {
      if (failure.name !== "AbortError") status.textContent = form.dataset.failed;
    }
  }

  function put(next) {
    const focused = selectorOf(document.activeElement);
    const opened = [...document.querySelectorAll("details[open]")].map((one) => one.id);
    // The start page has a hero around its field: results take the place of what is below it.
    document.querySelector(PARTS).replaceWith(next);
    for (const id of opened) if (id) document.getElementById(id)?.setAttribute("open", "");
    narrowFacets();
    const counted = document.getElementById("count")?.firstChild?.textContent.trim();
    if (counted) status.textContent = counted;
    if (focused && !document.activeElement?.matches(focused)) {
      document.querySelector(focused)?.focus({ preventScroll: true });
    }
  }

  let typing = false;
  const typed = later(() => {
    // The first letter makes an entry of its own, so that the way back leads to before the typing.
    show(asked(), typing ? "replace" : "push");
    typing = true;
  });
  input.addEventListener("input", typed);
  input.addEventListener("blur", () => (typing = false));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    typed.stop();
    show(asked(), typing ? "replace" : "push");
    typing = false;
  });
  document.addEventListener("change", (event) => {
    if (event.target.form !== form || event.target === input) return;
    if (event.target.id === "sort") event.target.dataset.chosen = "yes";
    show(asked(), "push");
  });
  addEventListener("popstate", () => {
    input.value = new URL(location.href).searchParams.get("q") ?? "";
    show(location.href, "nothing");
  });
}

/** Suggestions: a combobox as ARIA 1.2 describes it, with the list below the field. */
function suggest() {
  const list = document.getElementById("suggestions");
  const known = new Map();
  let at = -1;
  for (const [name, value] of Object.entries({
    role: "combobox", "aria-expanded": "false", "aria-controls": list.id, "aria-autocomplete": "list",
  })) input.setAttribute(name, value);

  function close() {
    list.hidden = true;
    at = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function choose(option) {
    input.value = option.textContent;
    close();
    form.requestSubmit();
  }

  function mark(next) {
    const options = [...list.children];
    if (!options.length) return;
    at = (next + options.length) % options.length;
    options.forEach((option, place) => option.setAttribute("aria-selected", String(place === at)));
    input.setAttribute("aria-activedescendant", options[at].id);
    options[at].scrollIntoView({ block: "nearest" });
  }

  function open(texts) {
    list.replaceChildren(...texts.map((text, place) => {
      const option = document.createElement("li");
      option.id = `suggestion-${place}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      option.textContent = text;
      option.addEventListener("pointerdown", (event) => {
        event.preventDefault();
        choose(option);
      });
      return option;
    }));
    at = -1;
    list.hidden = texts.length === 0;
    input.setAttribute("aria-expanded", String(texts.length > 0));
    input.removeAttribute("aria-activedescendant");
  }

  const look = later(async () => {
    const words = input.value.trim();
    if (words.length < 2) return close();
    if (!known.has(words)) {
      const answer = await fetch(`${form.dataset.suggest}?q=${encodeURIComponent(words)}`);
      known.set(words, answer.ok ? (await answer.json()).map((one) => one.text) : []);
    }
    if (input.value.trim() === words && document.activeElement === input) open(known.get(words));
  });

  input.addEventListener("input", look);
  input.addEventListener("blur", close);
  form.addEventListener("submit", () => { look.stop(); close(); });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) return look();
      mark(event.key === "ArrowDown" ? at + 1 : at < 0 ? -1 : at - 1);
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      close();
    } else if (event.key === "Enter" && at >= 0) {
      event.preventDefault();
      choose(list.children[at]);
    }
  });
}

/** The page at an address, read but not shown. */
async function load(address, options = {}) {
  const answer = await fetch(address, { ...options, headers: { accept: "text/html" } });
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

/** A selector of the same element on another page. */
function selectorOf(element) {
  if (element?.id) return `#${CSS.escape(element.id)}`;
  if (element?.name) return `[name="${CSS.escape(element.name)}"][value="${CSS.escape(element.value)}"]`;
  return "";
}

/** The address with the facet that is shown whole, so that it stays so. */
function withWhole(address) {
  const shown = document.querySelector(".facet[data-whole]")?.id.replace("facet-", "");
  if (!shown) return address;
  const whole = new URL(address);
  whole.searchParams.set("facet", shown);
  return whole;
}

/** Shows all values of a facet, which the server gives where they are asked for. */
async function unfold(facet) {
  const link = facet.querySelector(".whole");
  if (!link) return facet;
  const whole = (await load(link.href)).getElementById(facet.id);
  if (!whole || !facet.isConnected) return facet;
  for (const one of document.querySelectorAll(".facet[data-whole]")) delete one.dataset.whole;
  whole.dataset.whole = "";
  facet.replaceWith(whole);
  narrowFacets();
  return whole;
}

document.addEventListener("click", async (event) => {
  const facet = event.target.closest?.("a.whole")?.closest(".facet");
  if (!facet || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const shown = facet.querySelectorAll("li").length;
  (await unfold(facet)).querySelectorAll("input[type=checkbox]")[shown]?.focus();
});

/** A field above each long facet that leaves only the values with what is typed in it. */
function narrowFacets() {
  for (const facet of document.querySelectorAll("[data-narrow]")) {
    if (facet.querySelector(".narrow")) continue;
    const field = document.createElement("input");
    field.type = "text";
    field.id = `${facet.id}-narrow`;
    field.className = "narrow";
    field.autocomplete = "off";
    field.placeholder = facet.dataset.narrow;
    field.setAttribute("aria-label", facet.dataset.narrow);
    field.addEventListener("input", async () => {
      const typed = field.value;
      const whole = await unfold(facet);
      if (whole === facet) return narrow(facet, typed);
      const next = whole.querySelector(".narrow");
      next.value = field.value;
      next.focus({ preventScroll: true });
      narrow(whole, next.value);
    });
    facet.querySelector("legend").after(field);
  }
}

function narrow(facet, typed) {
  const wanted = typed.trim().toLowerCase();
  const more = facet.querySelector("details");
  if (more && wanted) more.open = true;
  for (const value of facet.querySelectorAll("li")) {
    value.hidden = !value.textContent.toLowerCase().includes(wanted);
  }
}
