"""Writes the main content of every article as plain text, one block per line: expected.py FOLDER

Derived from the Markdown alone. A line is the title, a paragraph, a heading, a list item, a table row, a
caption, a paragraph of a quote or a line of code. An image has no text.
"""

import sys
from pathlib import Path

from markdown_it import MarkdownIt

from articles import articles

MARKDOWN = MarkdownIt("commonmark").enable("table")


def inline(token):
    text = []
    for child in token.children:
        if child.type in {"text", "code_inline"}:
            text.append(child.content)
        elif child.type in {"softbreak", "hardbreak"}:
            text.append(" ")
    return "".join(text).strip()


def blocks(markdown):
    row = None
    for token in MARKDOWN.parse(markdown):
        if token.type == "tr_open":
            row = []
        elif token.type == "tr_close":
            yield " ".join(row)
            row = None
        elif token.type == "inline" and row is not None:
            row.append(inline(token))
        elif token.type == "inline":
            yield inline(token)
        elif token.type in {"fence", "code_block"}:
            yield from (line.strip() for line in token.content.splitlines())


def expected(article):
    lines = [article.title, *blocks(article.body)]
    return "".join(f"{line}\n" for line in lines if line)


if __name__ == "__main__":
    for article in articles():
        (Path(sys.argv[1]) / f"{article.slug}.txt").write_text(expected(article))
