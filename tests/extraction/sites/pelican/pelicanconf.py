import os

AUTHOR = "Netwerk Heldere Overheid"
SITENAME = "Heldere Overheid"
SITESUBTITLE = "Over brieven, formulieren en loketten"
SITEURL = ""
PATH = "content"
TIMEZONE = "Europe/Amsterdam"
DEFAULT_LANG = "nl"
THEME = os.environ["THEME"]
STATIC_PATHS = ["images"]
FEED_ALL_ATOM = "feeds/alles.atom.xml"
LINKS = [("Agenda", "https://www.heldereoverheid.example/agenda"), ("Waterrijk", "https://www.waterrijk.example/")]
SOCIAL = [("Mastodon", "https://sociaal.heldereoverheid.example/@netwerk")]
MENUITEMS = [("Archief", "/archives.html"), ("Onderwerpen", "/tags.html")]
DISPLAY_PAGES_ON_MENU = True
DISPLAY_CATEGORIES_ON_MENU = True
DEFAULT_PAGINATION = 5
SITELOGO = "/images/hal.png"
CC_LICENSE = {"name": "Creative Commons Naamsvermelding", "slug": "by", "version": "4.0", "language": "nl", "icon": False}
COPYRIGHT_NAME = AUTHOR
COPYRIGHT_YEAR = 2025
MAIN_MENU = True
