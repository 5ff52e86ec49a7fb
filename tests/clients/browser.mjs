// Runs the page of an example in a document without a browser, as its user: waits for the results,
// and clicks until there are no more. Prints the items; an alert goes to standard error.
//
//   node browser.mjs BUNDLE ENDPOINT QUERY [CURSOR]

import { pathToFileURL } from "node:url";

import { Window } from "happy-dom";

const [bundle, endpoint, query, after] = process.argv.slice(2);
const parameters = new URLSearchParams({ endpoint, query, ...(after && { after }) });
const window = new Window({ url: `http://127.0.0.1/?${parameters}` });
const { document } = window;
document.body.innerHTML = '<div id="root"></div>';
// Newer versions of Node.js have a `navigator` that cannot be assigned.
for (const name of ["window", "document", "location", "navigator"]) {
  Object.defineProperty(globalThis, name, { value: window[name], configurable: true });
}

/** Resolves when the page is as it should be, after whichever change makes it so. */
function until(condition) {
  return new Promise((resolve) => {
    const observer = new window.MutationObserver(check);
    function check() {
      if (!condition()) return;
      observer.disconnect();
      resolve();
    }
    observer.observe(document.body, { childList: true, subtree: true, attributes: true });
    check();
  });
}

const select = (selector) => [...document.querySelectorAll(selector)];
await import(pathToFileURL(bundle).href);
await until(() => select("li, [role=alert]").length > 0);
for (let [button] = select("button"); button; [button] = select("button")) {
  const items = select("li").length;
  button.click();
  await until(() => select("li").length > items && select("button:disabled").length === 0);
}
for (const item of select("li")) console.log(item.textContent);
const alerts = select("[role=alert]");
for (const alert of alerts) console.error(alert.textContent);
await window.happyDOM.close();
// Relay keeps results for five minutes after the last component that shows them.
process.exit(alerts.length === 0 ? 0 : 1);
