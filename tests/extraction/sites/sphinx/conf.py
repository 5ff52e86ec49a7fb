import os

project = "Heldere Overheid"
author = "Netwerk Heldere Overheid"
project_copyright = "Heldere Overheid"
language = "nl"
extensions = ["myst_parser"]
html_theme = os.environ["THEME"]
html_copy_source = True
html_last_updated_fmt = "%d %B %Y"
html_theme_options = {
    "alabaster": {
        "description": "Over brieven, formulieren en loketten",
        "show_related": True,
        "extra_nav_links": {"Agenda": "https://www.heldereoverheid.example/agenda"},
    },
    "furo": {"announcement": "Deze site gebruikt cookies om het bezoek te meten."},
    "pydata_sphinx_theme": {
        "announcement": "De najaarsbijeenkomst is op 14 november.",
        "external_links": [{"name": "Agenda", "url": "https://www.heldereoverheid.example/agenda"}],
    },
    "sphinx_book_theme": {
        "repository_url": "https://code.heldereoverheid.example/artikelen",
        "repository_provider": "gitlab",
        "use_repository_button": True,
    },
}.get(html_theme, {})
if html_theme == "alabaster":
    html_sidebars = {"**": ["about.html", "searchfield.html", "navigation.html", "relations.html", "localtoc.html"]}
