"""Writes the articles in the form that a generator expects: prepare.py GENERATOR FOLDER"""

import json
import re
import shutil
import sys
from pathlib import Path

import yaml

from articles import FOLDER, articles
from expected import MARKDOWN

ARTICLES = articles()
ABOUT = (
    "Het netwerk Heldere Overheid verzamelt ervaringen van mensen die bij de overheid aan duidelijke "
    "dienstverlening werken. Iedereen kan een artikel insturen."
)


def front_matter(**fields):
    return f"---\n{yaml.safe_dump(fields, allow_unicode=True, sort_keys=False)}---\n\n"


def common(article, **more):
    """The fields that most generators know."""
    fields = {"title": article.title, "date": article.date, "description": article.description}
    return front_matter(**fields, author=article.author, tags=article.tags, **more)


def heading(article):
    return f"# {article.title}\n\n{article.body}"


def image_paths(article, prefix):
    return article.body.replace("](images/", f"]({prefix}images/")


def write(folder, files, images="images"):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    shutil.copytree(FOLDER / "images", folder / images, dirs_exist_ok=True)


def sections():
    """Titles of sections, each with its articles."""
    titles = sorted({article.section for article in ARTICLES})
    return {title: [article for article in ARTICLES if article.section == title] for title in titles}


def mkdocs(folder):
    files = {
        f"docs/{article.slug}.md": front_matter(title=article.title, description=article.description, tags=article.tags)
        + heading(article)
        for article in ARTICLES
    }
    files["docs/index.md"] = f"# Heldere Overheid\n\n{ABOUT}\n"
    menu = [{"Start": "index.md"}]
    menu += [{title: [f"{a.slug}.md" for a in members]} for title, members in sections().items()]
    files["nav.yml"] = yaml.safe_dump({"nav": menu}, allow_unicode=True)
    write(folder, files, "docs/images")


def sphinx(folder):
    files = {f"{article.slug}.md": heading(article) for article in ARTICLES}
    files["index.md"] = f"# Heldere Overheid\n\n{ABOUT}\n"
    for number, (title, members) in enumerate(sections().items(), 1):
        names = "\n".join(article.slug for article in members)
        files[f"deel-{number}.md"] = f"# {title}\n\n```{{toctree}}\n{names}\n```\n"
        files["index.md"] += f"\n```{{toctree}}\n:caption: {title}\ndeel-{number}\n```\n"
    write(folder, files)


def pelican(folder):
    files = {"pages/over.md": f"Title: Over dit netwerk\n\n{ABOUT}\n"}
    for article in ARTICLES:
        files[f"{article.slug}.md"] = (
            f"Title: {article.title}\nDate: {article.date}\nCategory: {article.section}\n"
            f"Tags: {', '.join(article.tags)}\nAuthor: {article.author}\nSlug: {article.slug}\n"
            f"Summary: {article.description}\n\n{article.body}"
        )
    write(folder, files)


def nikola(folder):
    files = {"pages/over.md": f"<!--\n.. title: Over dit netwerk\n.. slug: over\n-->\n\n{ABOUT}\n"}
    for article in ARTICLES:
        files[f"posts/{article.slug}.md"] = (
            f"<!--\n.. title: {article.title}\n.. slug: {article.slug}\n.. date: {article.date} 09:00:00 UTC\n"
            f".. tags: {', '.join(article.tags)}\n.. category: {article.section}\n.. author: {article.author}\n"
            f".. description: {article.description}\n-->\n\n{image_paths(article, '/')}"
        )
    write(folder, files, "files/images")


def hexo(folder):
    files = {
        f"_posts/{article.slug}.md": common(article, categories=[article.section]) + image_paths(article, "/")
        for article in ARTICLES
    }
    files["about/index.md"] = front_matter(title="Over dit netwerk") + ABOUT + "\n"
    write(folder, files)


def eleventy(folder):
    files = {
        f"artikelen/{article.slug}.md": common(article, section=article.section, language=article.language)
        + image_paths(article, "/")
        for article in ARTICLES
    }
    files["index.md"] = front_matter(title="Heldere Overheid") + ABOUT + "\n"
    write(folder, files)


def govuk(folder):
    home = front_matter(title="Heldere Overheid", layout="page", homepage=True)
    files = {"index.md": home + ABOUT + "\n"}
    for article in ARTICLES:
        related = [{"text": other.title, "href": f"/{other.slug}/"} for other in ARTICLES if other is not article][:4]
        fields = {
            "layout": "post",
            "eleventyNavigation": {"key": article.title, "parent": "Heldere Overheid"},
            "related": {"sections": [{"title": "Lees ook", "items": related}]},
            "permalink": f"/{article.slug}/",
            "showPagination": True,
        }
        files[f"{article.slug}.md"] = common(article, **fields) + image_paths(article, "/")
    write(folder, files)


def jekyll(folder):
    files = {
        f"_posts/{article.date}-{article.slug}.md": common(article, layout="post", categories=[article.section])
        + image_paths(article, "/")
        for article in ARTICLES
    }
    files["index.md"] = front_matter(layout="home", title="Artikelen")
    files["over.md"] = front_matter(layout="page", title="Over dit netwerk", permalink="/over/") + ABOUT + "\n"
    write(folder, files)


def hugo(folder):
    files = {
        f"content/artikelen/{article.slug}.md": common(article, thema=[article.section]) + image_paths(article, "/")
        for article in ARTICLES
    }
    files["content/over.md"] = front_matter(title="Over dit netwerk") + ABOUT + "\n"
    write(folder, files, "static/images")


def docusaurus(folder):
    files = {}
    authors = {}
    for number, article in enumerate(ARTICLES):
        name = article.author.lower().replace(" ", "-")
        authors[name] = {"name": article.author}
        fields = {"title": article.title, "description": article.description, "tags": article.tags}
        section = "schrijven" if article.section == "Schrijven" else "onderzoek"
        files[f"docs/{section}/{article.slug}.md"] = (
            front_matter(**fields, sidebar_position=number) + image_paths(article, "/")
        )
        files[f"blog/{article.date}-{article.slug}.md"] = (
            front_matter(**fields, slug=article.slug, authors=[name]) + image_paths(article, "/")
        )
    for section, label in {"schrijven": "Schrijven", "onderzoek": "Onderzoek"}.items():
        link = {"type": "generated-index"}
        files[f"docs/{section}/_category_.json"] = json.dumps({"label": label, "link": link})
    files["docs/index.md"] = front_matter(title="Heldere Overheid", slug="/") + ABOUT + "\n"
    files["blog/authors.yml"] = yaml.safe_dump(authors, allow_unicode=True)
    write(folder, files, "static/images")


def vitepress(folder):
    files = {
        f"{article.slug}.md": front_matter(title=article.title, description=article.description)
        + f"# {article.title}\n\n{image_paths(article, './')}"
        for article in ARTICLES
    }
    files["index.md"] = f"# Heldere Overheid\n\n{ABOUT}\n"
    sidebar = [
        {"text": title, "items": [{"text": a.title, "link": f"/{a.slug}"} for a in members]}
        for title, members in sections().items()
    ]
    files["sidebar.json"] = json.dumps(sidebar, ensure_ascii=False)
    write(folder, files)


def wordpress(folder):
    """HTML as an editor of a content management system leaves it: images with captions are figures."""
    captioned = re.compile(r"<p>(<img[^>]*>)</p>\s*<p><em>(.*?)</em></p>")
    posts = []
    for article in ARTICLES:
        html = MARKDOWN.render(image_paths(article, "/wp-content/uploads/"))
        html = captioned.sub(r'<figure class="wp-block-image">\1<figcaption>\2</figcaption></figure>', html)
        posts.append({**vars(article), "section": article.section, "html": html, "date": str(article.date)})
    write(folder, {"articles.json": json.dumps(posts, ensure_ascii=False)})


def starlight(folder):
    files = {
        f"{'schrijven' if article.section == 'Schrijven' else 'onderzoek'}/{article.slug}.md": front_matter(
            title=article.title, description=article.description, lastUpdated=article.date
        )
        + image_paths(article, "../")
        for article in ARTICLES
    }
    files["index.md"] = front_matter(title="Heldere Overheid") + ABOUT + "\n"
    write(folder, files)


GENERATORS = [
    docusaurus, eleventy, govuk, hexo, hugo, jekyll, mkdocs, nikola, pelican, sphinx, starlight, vitepress,
    wordpress,
]

if __name__ == "__main__":
    {generator.__name__: generator for generator in GENERATORS}[sys.argv[1]](Path(sys.argv[2]))
