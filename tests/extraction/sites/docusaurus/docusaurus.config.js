module.exports = {
  title: "Heldere Overheid",
  tagline: "Over brieven, formulieren en loketten",
  url: "https://heldereoverheid.example",
  baseUrl: "/",
  onBrokenLinks: "ignore",
  i18n: { defaultLocale: "nl", locales: ["nl"] },
  presets: [
    [
      "classic",
      {
        docs: { breadcrumbs: true, editUrl: "https://code.heldereoverheid.example/" },
        blog: { blogSidebarCount: "ALL", blogSidebarTitle: "Alle artikelen", onUntruncatedBlogPosts: "ignore" },
        theme: {},
      },
    ],
  ],
  themeConfig: {
    announcementBar: { content: "De najaarsbijeenkomst is op 14 november. <a href='/agenda'>Meld u aan</a>." },
    navbar: {
      title: "Heldere Overheid",
      items: [
        { to: "/docs", label: "Artikelen" },
        { to: "/blog", label: "Weblog" },
      ],
    },
    footer: {
      links: [
        { title: "Meer", items: [{ label: "Agenda", href: "https://www.heldereoverheid.example/agenda" }] },
        { title: "Over", items: [{ label: "Toegankelijkheid", href: "https://www.heldereoverheid.example/a11y" }] },
      ],
      copyright: "Netwerk Heldere Overheid",
    },
  },
};
