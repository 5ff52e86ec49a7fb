// An image followed by an emphasised paragraph becomes a figure with a caption, as in a content management system.
const captioned = /<p>(<img[^>]*>)<\/p>\s*<p><em>([^]*?)<\/em><\/p>/g;

export default function (config) {
  config.addPassthroughCopy({ "content/images": "images" });
  config.addFilter("figures", (html) =>
    html.replace(captioned, "<figure>$1<figcaption>$2</figcaption></figure>"),
  );
  config.addFilter("dutchDate", (date) => date.toLocaleDateString("nl-NL", { dateStyle: "long" }));
  config.addCollection("artikelen", (api) => api.getFilteredByGlob("content/artikelen/*.md").reverse());
  config.addGlobalData("layout", "rijk.njk");
  return { dir: { input: "content", includes: "../layouts", output: "public" }, markdownTemplateEngine: false };
}
