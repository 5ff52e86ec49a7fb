// GraphiQL with the example operations, each in a tab. It asks this site only, and keeps nothing.
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import { createElement } from "react";
import { createRoot } from "react-dom/client";
import "./page.css";
import variables from "../../fixtures/queries/variables.json";

const documents = import.meta.glob("../../fixtures/queries/*.graphql", {
  eager: true,
  query: "?raw",
  import: "default",
});

/** What browsers keep in `localStorage`, forgotten with the page. */
class Forgetful {
  #kept = new Map();

  get length() {
    return this.#kept.size;
  }

  key(place) {
    return [...this.#kept.keys()][place] ?? null;
  }

  getItem(name) {
    return this.#kept.get(name) ?? null;
  }

  setItem(name, value) {
    this.#kept.set(name, String(value));
  }

  removeItem(name) {
    this.#kept.delete(name);
  }

  clear() {
    this.#kept.clear();
  }
}

/** A tab for each operation, with values to try it with. */
const tabs = Object.entries(documents).map(([path, query]) => {
  const name = path.split("/").pop().replace(".graphql", "");
  const values = Object.values(variables[name] ?? {})[0];
  return { query, variables: values ? JSON.stringify(values, null, 2) : "" };
});

const root = document.getElementById("graphiql");
const fetcher = createGraphiQLFetcher({ url: root.dataset.graphql });
createRoot(root).render(
  createElement(GraphiQL, { fetcher, defaultTabs: tabs, storage: new Forgetful() }),
);
