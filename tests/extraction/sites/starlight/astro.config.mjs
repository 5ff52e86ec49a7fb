import starlight from "@astrojs/starlight";
import { defineConfig } from "astro/config";

export default defineConfig({
  site: "https://heldereoverheid.example",
  integrations: [
    starlight({
      title: "Heldere Overheid",
      defaultLocale: "root",
      locales: { root: { label: "Nederlands", lang: "nl" } },
      lastUpdated: true,
      editLink: { baseUrl: "https://code.heldereoverheid.example/" },
      pagefind: false,
      sidebar: [
        { label: "Schrijven", autogenerate: { directory: "schrijven" } },
        { label: "Onderzoek en dienstverlening", autogenerate: { directory: "onderzoek" } },
      ],
    }),
  ],
});
