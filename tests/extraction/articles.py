"""The articles in content/: front matter and Markdown."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import yaml

FOLDER = Path(__file__).parent / "content"


@dataclass
class Article:
    slug: str
    title: str
    date: date
    author: str
    description: str
    tags: list[str]
    body: str
    language: str = "nl"

    @property
    def section(self):
        return "Schrijven" if "heldere taal" in self.tags or "letters" in self.tags else "Onderzoek en dienstverlening"


def articles():
    """All articles, oldest first."""
    found = []
    for path in FOLDER.glob("*.md"):
        _, front_matter, body = path.read_text().split("---\n", 2)
        found.append(Article(slug=path.stem, body=body.strip() + "\n", **yaml.safe_load(front_matter)))
    return sorted(found, key=lambda article: (article.date, article.slug))
