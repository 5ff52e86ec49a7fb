// The elements <wegwijzer-search> and <wegwijzer-agenda>: results of Wegwijzer in pages of other sites.
// The server renders the results; this module loads them into a shadow tree, and shows the content of
// the element until they are there.

const BASE = "__BASE__";
/** The language of addresses without a prefix. */
const LANGUAGE = "__LANGUAGE__";
const STYLE = "__STYLE__";
/** Time for a response, in milliseconds. */
const TIMEOUT_MS = 8_000;
const FAILED = {
  nl: "Zoeken lukt nu niet. Probeer het later opnieuw.",
  en: "Search is not available right now. Please try again later.",
};

let sheet;
function styleSheet() {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
  }
  return sheet;
}

let policy;
/** The text as HTML, also where a site enforces Trusted Types. */
function trusted(html) {
  try {
    policy ??= globalThis.trustedTypes?.createPolicy("wegwijzer", { createHTML: (text) => text });
  } catch {
    // The site does not allow the policy, or another version of this module created it.
  }
  return policy ? policy.createHTML(html) : html;
}

class WegwijzerSearch extends HTMLElement {
  static observedAttributes = ["query", "api-key", "lang", "no-field", "heading-level"];

  #content = document.createElement("div");
  #status = document.createElement("p");
  #request;
  #isScheduled = false;
  #isLoaded = false;

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [styleSheet()];
    this.#status.setAttribute("role", "status");
    this.#status.className = "unseen";
    this.#content.setAttribute("part", "content");
    this.#content.append(document.createElement("slot"));
    root.append(this.#content, this.#status);
    root.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#load(this.#formParameters(event.target), "results");
    });
    root.addEventListener("change", (event) => {
      if (event.target.type === "checkbox") this.#load(this.#formParameters(event.target.form));
    });
    root.addEventListener("click", (event) => {
      const link = event.target.closest?.("a[rel=prev], a[rel=next]");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.#load(new URL(link.href).searchParams, "results");
    });
  }

  connectedCallback() {
    if (!this.#isLoaded) this.#schedule();
  }

  disconnectedCallback() {
    if (!this.#request) return;
    // It is loaded again where it is moved to.
    this.#request.abort();
    this.#request = undefined;
    this.#isLoaded = false;
    this.#content.removeAttribute("aria-busy");
  }

  attributeChangedCallback() {
    this.#isLoaded = false;
    if (this.isConnected) this.#schedule();
  }

  /** Fetches the results again. */
  refresh() {
    this.#schedule();
  }

  /** Several changes at once lead to one request. */
  #schedule() {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      if (this.isConnected) this.#load(this.parameters());
    });
  }

  /** The parameters that the attributes state. */
  parameters() {
    const parameters = new URLSearchParams(this.getAttribute("query") ?? "");
    const key = this.getAttribute("api-key");
    if (key) parameters.set("key", key);
    if (this.hasAttribute("no-field")) parameters.set("field", "false");
    const level = this.getAttribute("heading-level");
    if (level) parameters.set("heading", level);
    return parameters;
  }

  #formParameters(form) {
    const parameters = new URLSearchParams(new FormData(form));
    if (!parameters.get("q")) parameters.delete("q");
    return parameters;
  }

  get #language() {
    const language = this.closest("[lang]")?.getAttribute("lang")?.toLowerCase();
    return Object.keys(FAILED).find((code) => language?.startsWith(code)) ?? LANGUAGE;
  }

  async #load(parameters, focus) {
    this.#request?.abort();
    const request = new AbortController();
    this.#request = request;
    const timer = setTimeout(() => request.abort(), TIMEOUT_MS);
    this.#content.setAttribute("aria-busy", "true");
    const language = this.#language === LANGUAGE ? "" : `${this.#language}/`;
    let status = 0;
    try {
      const response = await fetch(`${BASE}${language}embed/search?${parameters}`, {
        signal: request.signal,
        credentials: "omit",
      });
      status = response.status;
      if (!response.ok) throw new Error(`status ${status}`);
      const html = await response.text();
      if (this.#request === request) this.#show(html, parameters, focus);
    } catch {
      // What is shown remains.
      if (this.#request === request) this.#fail(status);
    } finally {
      clearTimeout(timer);
      if (this.#request === request) {
        this.#request = undefined;
        this.#content.removeAttribute("aria-busy");
      }
    }
  }

  #show(html, parameters, focus) {
    const { body } = new DOMParser().parseFromString(trusted(html), "text/html");
    const active = this.shadowRoot.activeElement;
    const isOpen = this.#content.querySelector("details")?.open;
    this.#content.replaceChildren(...body.childNodes);
    this.#isLoaded = true;
    if (isOpen) this.#content.querySelector("details")?.setAttribute("open", "");
    const count = this.#content.querySelector(".wegwijzer-count");
    if (active && focus === "results") {
      count?.setAttribute("tabindex", "-1");
      count?.focus();
    } else if (active?.name) {
      const fields = [...this.#content.querySelectorAll("input, button")];
      fields.find((field) => field.name === active.name && field.value === active.value)?.focus();
    }
    const text = count?.textContent ?? "";
    if (focus || active) this.#status.textContent = text;
    const total = Number(count?.dataset.total ?? 0);
    this.#dispatch("wegwijzer-results", { query: parameters.toString(), total });
  }

  #fail(status) {
    if (!this.#content.querySelector("slot")) this.#status.textContent = FAILED[this.#language];
    this.#dispatch("wegwijzer-error", { status });
  }

  #dispatch(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }
}

class WegwijzerAgenda extends WegwijzerSearch {
  parameters() {
    const parameters = super.parameters();
    parameters.set("kind", "event");
    if (!parameters.has("phase")) {
      parameters.append("phase", "upcoming");
      parameters.append("phase", "ongoing");
    }
    parameters.set("field", "false");
    return parameters;
  }
}

// Another version of this module can have defined them.
for (const [name, element] of [
  ["wegwijzer-search", WegwijzerSearch],
  ["wegwijzer-agenda", WegwijzerAgenda],
]) {
  if (!customElements.get(name)) customElements.define(name, element);
}

export { WegwijzerAgenda, WegwijzerSearch };
