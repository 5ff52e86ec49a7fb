//! Rich text of Pleio: a document of nodes in JSON, as its editor stores it. Older texts are HTML.

use std::fmt::Write as _;

use serde_json::Value;

/// The text as HTML.
pub(super) fn html(text: &str) -> String {
    match serde_json::from_str::<Value>(text) {
        Ok(document) if document["type"] == "doc" => {
            let mut html = String::with_capacity(text.len());
            push_content(&mut html, &document);
            html
        }
        _ => text.to_owned(),
    }
}

fn push_content(html: &mut String, node: &Value) {
    for child in node["content"].as_array().into_iter().flatten() {
        push(html, child);
    }
}

/// Appends a node. What is in a node of an unknown type is kept.
fn push(html: &mut String, node: &Value) {
    let attributes = &node["attrs"];
    let tag = match node["type"].as_str().unwrap_or_default() {
        "text" => return push_text(html, node),
        "mention" => {
            let label = attributes["label"].as_str().unwrap_or_default();
            return push_escaped(html, &format!("@{label}"));
        }
        "hardBreak" => return html.push_str("<br>"),
        "horizontalRule" => return html.push_str("<hr>"),
        "image" | "figure" => return push_image(html, node),
        "video" => return push_link(html, &attributes["src"], "Video"),
        "file" => {
            let name = attributes["name"].as_str().unwrap_or("Bestand");
            return push_link(html, &attributes["url"], name);
        }
        "heading" => match attributes["level"].as_u64() {
            Some(1 | 2) => "h2",
            Some(3) => "h3",
            _ => "h4",
        },
        "paragraph" => "p",
        "blockquote" => "blockquote",
        "bulletList" => "ul",
        "orderedList" => "ol",
        "listItem" => "li",
        "table" => "table",
        "tableRow" => "tr",
        "tableHeader" => "th",
        "tableCell" => "td",
        "codeBlock" => "pre",
        _ => "div",
    };
    let _ = write!(html, "<{tag}>");
    push_content(html, node);
    let _ = write!(html, "</{tag}>");
}

/// A text with its marks.
fn push_text(html: &mut String, node: &Value) {
    let marks = node["marks"].as_array().into_iter().flatten();
    let mut ends = Vec::new();
    for mark in marks {
        let tag = match mark["type"].as_str().unwrap_or_default() {
            "bold" => "strong",
            "italic" => "em",
            "code" => "code",
            "link" => {
                let href = mark["attrs"]["href"].as_str().unwrap_or_default();
                let _ = write!(
                    html,
                    "<a href=\"{}\">",
                    html_escape::encode_double_quoted_attribute(href)
                );
                ends.push("a");
                continue;
            }
            _ => continue,
        };
        let _ = write!(html, "<{tag}>");
        ends.push(tag);
    }
    push_escaped(html, node["text"].as_str().unwrap_or_default());
    for tag in ends.iter().rev() {
        let _ = write!(html, "</{tag}>");
    }
}

/// An image with its caption, which is its content or an attribute.
fn push_image(html: &mut String, node: &Value) {
    let attributes = &node["attrs"];
    let text = |name: &str| attributes[name].as_str().unwrap_or_default();
    let _ = write!(
        html,
        "<figure><img src=\"{}\" alt=\"{}\">",
        html_escape::encode_double_quoted_attribute(text("src")),
        html_escape::encode_double_quoted_attribute(text("alt")),
    );
    if !text("caption").is_empty() {
        html.push_str("<figcaption>");
        push_escaped(html, text("caption"));
        html.push_str("</figcaption>");
    }
    push_content(html, node);
    html.push_str("</figure>");
}

fn push_link(html: &mut String, address: &Value, name: &str) {
    let address = address.as_str().unwrap_or_default();
    let _ =
        write!(html, "<p><a href=\"{}\">", html_escape::encode_double_quoted_attribute(address));
    push_escaped(html, name);
    html.push_str("</a></p>");
}

fn push_escaped(html: &mut String, text: &str) {
    html.push_str(&html_escape::encode_text(text));
}
