import os

BLOG_AUTHOR = "Netwerk Heldere Overheid"
BLOG_TITLE = "Heldere Overheid"
SITE_URL = "https://heldereoverheid.example/"
BLOG_EMAIL = ""
BLOG_DESCRIPTION = "Over brieven, formulieren en loketten"
DEFAULT_LANG = "nl"
TIMEZONE = "Europe/Amsterdam"
THEME = os.environ["THEME"]
POSTS = [("posts/*.md", "artikelen", "post.tmpl")]
PAGES = [("pages/*.md", "", "page.tmpl")]
COMPILERS = {"markdown": [".md"]}
CATEGORY_DESTPATH_AS_DEFAULT = False
NAVIGATION_LINKS = {
    DEFAULT_LANG: [
        ("/archive.html", "Archief"),
        ("/categories/", "Onderwerpen"),
        ("/over/", "Over dit netwerk"),
        ("/rss.xml", "RSS"),
    ]
}
CONTENT_FOOTER = "Heldere Overheid, een netwerk van gemeenten. <a href='/toegankelijkheid/'>Toegankelijkheid</a>"
SHOW_SOURCELINK = True
COPY_SOURCES = True
USE_CDN = False
LICENSE = "Dit artikel mag u vrij gebruiken."
FRONT_INDEX_HEADER = "<h1>Artikelen</h1>"
GENERATE_ATOM = False
