import { govukEleventyPlugin } from "@x-govuk/govuk-eleventy-plugin";

export default function (config) {
  config.addPassthroughCopy({ "content-govuk/images": "images" });
  config.addPlugin(govukEleventyPlugin, {
    titleSuffix: "Heldere Overheid",
    homeKey: "Heldere Overheid",
    header: { productName: "Heldere Overheid" },
    serviceNavigation: {
      home: "/",
      navigation: [
        { text: "Artikelen", href: "/" },
        { text: "Over dit netwerk", href: "/over/" },
      ],
    },
    footer: {
      contentLicence: { text: "Vrij te gebruiken" },
      copyright: { text: "Netwerk Heldere Overheid" },
      meta: { items: [{ href: "/toegankelijkheid/", text: "Toegankelijkheid" }] },
    },
    templates: { sitemap: false, tags: true },
  });
  return {
    dataTemplateEngine: "njk",
    htmlTemplateEngine: "njk",
    markdownTemplateEngine: false,
    dir: { input: "content-govuk", output: "public-govuk" },
  };
}
