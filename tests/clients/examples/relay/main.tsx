// Starts the page with what its address says: `?endpoint=…&query=…&after=…`.

import { createRoot } from "react-dom/client";

import { createEnvironment } from "./environment";
import { SearchPage } from "./SearchPage";

const address = new URLSearchParams(location.search);
const environment = createEnvironment(address.get("endpoint") ?? "/graphql");
createRoot(document.getElementById("root")!).render(
  <SearchPage
    environment={environment}
    query={address.get("query") ?? ""}
    after={address.get("after")}
  />,
);
