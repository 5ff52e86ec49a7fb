"""Checks that every line of every .txt is in its page, in the same order: check.py PAGES

Space is ignored, because only the style sheet says whether elements are apart.
"""

import sys
from pathlib import Path

from lxml import html


def squeeze(text):
    return "".join(text.replace("\u200b", "").split())


def page_text(path):
    tree = html.fromstring(path.read_bytes().decode(), parser=html.HTMLParser(encoding="utf-8"))
    body = tree.find("body")
    for element in list(body.iter("script", "style", "template", "noscript")):
        element.drop_tree()
    return squeeze(body.text_content())


def missing(path):
    text, position = page_text(path), 0
    for line in path.with_suffix(".txt").read_text().splitlines():
        found = text.find(squeeze(line), position)
        if found < 0:
            yield line
        else:
            position = found + len(squeeze(line))


if __name__ == "__main__":
    failures = 0
    for folder in sorted(Path(sys.argv[1]).iterdir()):
        pages = sorted(folder.glob("*.html"))
        for page in pages:
            for line in missing(page):
                failures += 1
                print(f"{folder.name}/{page.name}: not in the page: {line}", file=sys.stderr)
        print(f"{len(pages):4} {folder.name}")
    sys.exit(1 if failures else 0)
