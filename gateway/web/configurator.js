// Makes the configurator quicker: preview and code follow the form, and buttons copy the code. The page
// works without it.

const WAIT_MS = 400;

const form = document.getElementById("settings");
const status = document.getElementById("status");
let timer;
let request;

form.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(update, WAIT_MS);
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(timer);
  update();
});
addCopyButtons();

/** Shows preview and code for what the form states. */
async function update() {
  request?.abort();
  request = new AbortController();
  const address = new URL(form.action);
  for (const [name, value] of new FormData(form)) if (value) address.searchParams.set(name, value);
  try {
    const response = await fetch(address, { signal: request.signal, headers: { accept: "text/html" } });
    const text = await response.text();
    const page = new DOMParser().parseFromString(text, "text/html");
    if (!page.getElementById("output")) return location.assign(address);
    history.replaceState(null, "", address);
    showErrors(page);
    showOutput(page);
  } catch (error) {
    if (error.name !== "AbortError") status.textContent = document.getElementById("output").dataset.failed;
  }
}

/** Errors of the fields, which keep their focus. */
function showErrors(page) {
  for (const input of form.querySelectorAll("input[aria-describedby]")) {
    const next = page.getElementById(input.id);
    input.parentElement.querySelector(".notice")?.remove();
    const error = next.parentElement.querySelector(".notice");
    if (error) input.before(error);
    for (const name of ["aria-describedby", "aria-invalid"]) {
      const value = next.getAttribute(name);
      if (value === null) input.removeAttribute(name);
      else input.setAttribute(name, value);
    }
  }
  status.textContent = [...form.querySelectorAll(".notice")].map((error) => error.textContent).join(" ");
}

function showOutput(page) {
  const output = document.getElementById("output");
  const next = page.getElementById("output");
  // The same preview is not loaded again.
  const frame = document.getElementById("preview");
  const isSame = frame?.getAttribute("src") === page.getElementById("preview")?.getAttribute("src");
  if (isSame && frame) {
    for (const block of output.querySelectorAll(".code")) block.remove();
    output.append(...next.querySelectorAll(".code"));
  } else {
    output.replaceChildren(...next.childNodes);
  }
  const count = output.querySelector("p")?.firstChild?.textContent.trim();
  if (count) status.textContent = count;
  addCopyButtons();
}

function addCopyButtons() {
  const { copy, copied, copyFailed } = document.getElementById("output").dataset;
  for (const pre of document.querySelectorAll(".code pre")) {
    if (pre.parentElement.querySelector("button")) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet";
    button.textContent = copy;
    button.setAttribute("aria-describedby", pre.getAttribute("aria-labelledby"));
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(pre.textContent);
        button.textContent = copied;
        status.textContent = copied;
      } catch {
        // Without permission, the code is selected, ready to copy.
        getSelection().selectAllChildren(pre);
        status.textContent = copyFailed;
      }
      setTimeout(() => (button.textContent = copy), 3_000);
    });
    pre.after(button);
  }
}
