import { defineConfig } from "vitepress";
import sidebar from "../sidebar.json";

export default defineConfig({
  title: "Heldere Overheid",
  description: "Over brieven, formulieren en loketten",
  lang: "nl-NL",
  themeConfig: {
    nav: [
      { text: "Artikelen", link: "/" },
      { text: "Agenda", link: "https://www.heldereoverheid.example/agenda" },
    ],
    sidebar,
    outline: { level: [2, 3], label: "Op deze pagina" },
    docFooter: { prev: "Vorige", next: "Volgende" },
    editLink: { pattern: "https://code.heldereoverheid.example/:path", text: "Verbeter deze pagina" },
    footer: { message: "Vrij te gebruiken", copyright: "Netwerk Heldere Overheid" },
    search: { provider: "local" },
  },
});
