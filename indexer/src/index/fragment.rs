//! Cutting a text into the stretches that show best where the words of a question stand in it.

use std::{cmp::Reverse, ops::Range};

use schema::Span;

/// A fragment is about this long, in bytes.
pub(super) const FRAGMENT_BYTES: usize = 160;
/// A text that is no longer than this is shown whole.
const WHOLE_BYTES_MAX: usize = 240;
/// So many marks of one text are looked at to choose from it.
const MARKS_MAX: usize = 200;

/// A word of the question in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    /// Its bytes.
    pub(super) range: Range<usize>,
    /// Which word of the question, as a bit.
    pub(super) word: u32,
}

/// A text and the marks in it, in order.
pub(super) struct Marked<'a> {
    pub(super) text: &'a str,
    pub(super) marks: Vec<Mark>,
}

/// All of a text as one row of spans.
pub(super) fn whole(marked: &Marked<'_>) -> Vec<Span> {
    spans(marked, &(0..marked.text.len()))
}

/// The best stretches of several texts, at most `most`, best first: those with words that the ones
/// before do not have, then those with more words. They do not overlap.
pub(super) fn best(texts: &[Marked<'_>], most: usize) -> Vec<Vec<Span>> {
    let mut chosen: Vec<(usize, Range<usize>)> = Vec::new();
    let mut covered = 0;
    while chosen.len() < most {
        let mut windows = Vec::new();
        for (number, marked) in texts.iter().enumerate() {
            windows.extend(windows_of(marked, number, &chosen));
        }
        let Some(window) = windows.into_iter().min_by_key(|window| {
            let new = (window.words & !covered).count_ones();
            let all = window.words.count_ones();
            (Reverse(new), Reverse(all), Reverse(window.marks), window.text, window.range.start)
        }) else {
            break;
        };
        covered |= window.words;
        let free = free_around(texts[window.text].text, window.text, &window.range, &chosen);
        let stretch = stretch(texts[window.text].text, &window.range, &free);
        chosen.push((window.text, stretch));
    }
    chosen.into_iter().map(|(number, stretch)| spans(&texts[number], &stretch)).collect()
}

/// Marks that fit one fragment.
struct Window {
    text: usize,
    range: Range<usize>,
    words: u32,
    marks: usize,
}

/// A window from every mark that is not shown yet.
fn windows_of(marked: &Marked<'_>, text: usize, chosen: &[(usize, Range<usize>)]) -> Vec<Window> {
    let is_shown = |mark: &&Mark| {
        !chosen.iter().any(|(number, shown)| *number == text && shown.contains(&mark.range.start))
    };
    let marks: Vec<&Mark> = marked.marks.iter().take(MARKS_MAX).filter(is_shown).collect();
    let mut windows = Vec::with_capacity(marks.len());
    for (number, first) in marks.iter().enumerate() {
        let start = first.range.start;
        let free = free_around(marked.text, text, &first.range, chosen);
        let end = free.end.min(start + FRAGMENT_BYTES).max(first.range.end);
        let mut window = Window { text, range: start..first.range.end, words: 0, marks: 0 };
        for mark in marks[number..].iter().take_while(|mark| mark.range.end <= end) {
            window.range.end = mark.range.end;
            window.words |= mark.word;
            window.marks += 1;
        }
        windows.push(window);
    }
    windows
}

/// The stretch around `range` in which nothing is shown yet.
fn free_around(
    text: &str,
    number: usize,
    range: &Range<usize>,
    chosen: &[(usize, Range<usize>)],
) -> Range<usize> {
    let shown = chosen.iter().filter(|(of, _)| *of == number).map(|(_, shown)| shown);
    let before = shown.clone().map(|s| s.end).filter(|end| *end <= range.start).max();
    let after = shown.map(|s| s.start).filter(|start| *start >= range.end).min();
    before.unwrap_or(0)..after.unwrap_or(text.len())
}

/// Widens a window to a fragment that begins with a sentence or a word and ends with a word.
fn stretch(text: &str, window: &Range<usize>, free: &Range<usize>) -> Range<usize> {
    if free.len() == text.len() && text.len() <= WHOLE_BYTES_MAX {
        return 0..text.len();
    }
    // What follows the marks needs room as well.
    let room = FRAGMENT_BYTES.saturating_sub(window.len()) / 4 * 3;
    let begin = begin(text, window.start, room, free.start);
    let end = end(text, window.end, (begin + FRAGMENT_BYTES).max(window.end), free.end);
    let stretch = &text[begin..end];
    let leading = stretch.len() - stretch.trim_start().len();
    begin + leading..begin + leading + stretch.trim().len()
}

/// Where a fragment begins whose first mark is at `mark`: with the sentence if that is near.
fn begin(text: &str, mark: usize, room: usize, free: usize) -> usize {
    let earliest = text.ceil_char_boundary(mark.saturating_sub(room).max(free));
    if earliest == free {
        return free;
    }
    let mut after_sentence = None;
    let mut before = text[..earliest].chars().next_back();
    for (at, letter) in text[earliest..mark].char_indices() {
        let ends_sentence = matches!(before, Some('.' | '!' | '?' | '…' | ':')) || letter == '\n';
        if letter.is_whitespace() && ends_sentence {
            after_sentence = Some(earliest + at);
        }
        before = Some(letter);
    }
    if let Some(at) = after_sentence {
        return at;
    }
    // No sentence begins near: some words before the mark show what it stands in.
    let context = text.ceil_char_boundary(mark.saturating_sub(room / 2).max(free));
    text[context..mark].find(char::is_whitespace).map_or(mark, |at| context + at)
}

/// Where a fragment ends whose last mark ends at `mark`: with a word, at `latest` at the latest.
fn end(text: &str, mark: usize, latest: usize, free: usize) -> usize {
    if latest >= free {
        return free;
    }
    let latest = text.floor_char_boundary(latest);
    if text[latest..].starts_with(char::is_whitespace) {
        return latest;
    }
    text[mark..latest].rfind(char::is_whitespace).map_or(mark, |at| mark + at)
}

/// A stretch of a text as spans that join to exactly its text.
fn spans(marked: &Marked<'_>, stretch: &Range<usize>) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut at = stretch.start;
    let mut push = |range: Range<usize>, hit| {
        if !range.is_empty() {
            spans.push(Span { text: marked.text[range].to_owned(), hit });
        }
    };
    for mark in &marked.marks {
        if mark.range.start >= at && mark.range.end <= stretch.end {
            push(at..mark.range.start, false);
            push(mark.range.clone(), true);
            at = mark.range.end;
        }
    }
    push(at..stretch.end, false);
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Marks `words` wherever they stand.
    fn marked<'a>(text: &'a str, words: &[&str]) -> Marked<'a> {
        let mut marks = Vec::new();
        for (number, word) in words.iter().enumerate() {
            let mark = |(at, found): (usize, &str)| Mark {
                range: at..at + found.len(),
                word: 1 << number,
            };
            marks.extend(text.match_indices(word).map(mark));
        }
        marks.sort_by_key(|mark| mark.range.start);
        Marked { text, marks }
    }

    fn shown(fragments: &[Vec<Span>]) -> Vec<String> {
        let join = |spans: &Vec<Span>| {
            let piece = |span: &Span| {
                if span.hit { format!("[{}]", span.text) } else { span.text.clone() }
            };
            spans.iter().map(piece).collect()
        };
        fragments.iter().map(join).collect()
    }

    #[test]
    fn a_short_text_must_be_shown_whole() {
        let marked = marked("Een brief over één brief.", &["brief"]);
        assert_eq!(shown(&best(&[marked], 3)), ["Een [brief] over één [brief]."]);
    }

    #[test]
    fn fragments_must_begin_with_a_sentence_and_end_with_a_word() {
        let filler = "Hier staat een zin die niets te zeggen heeft over wat er gevraagd is. ";
        let text =
            format!("{}De klantreis begint bij het loket. {}", filler.repeat(4), filler.repeat(2));
        let fragments = best(&[marked(&text, &["klantreis"])], 3);
        assert_eq!(
            shown(&fragments),
            ["De [klantreis] begint bij het loket. Hier staat een zin die niets te zeggen heeft \
              over wat er gevraagd is. Hier staat een zin die niets te zeggen heeft over wat"]
        );
    }

    #[test]
    fn fragments_with_other_words_must_come_before_those_with_the_same() {
        let filler = "woord ".repeat(60);
        let text = format!("brief {filler} brief {filler} brief loket {filler} taal {filler}");
        let fragments = best(&[marked(&text, &["brief", "loket", "taal"])], 3);
        let hits: Vec<Vec<_>> = fragments
            .iter()
            .map(|spans| spans.iter().filter(|s| s.hit).map(|s| s.text.as_str()).collect())
            .collect();
        assert_eq!(hits, [vec!["brief", "loket"], vec!["taal"], vec!["brief"]]);
    }

    #[test]
    fn a_text_without_spaces_must_be_cut_between_characters() {
        let text = format!("{}/brief/{}", "é/".repeat(300), "ë/".repeat(300));
        let fragments = best(&[marked(&text, &["brief"])], 3);
        assert_eq!(shown(&fragments), ["[brief]"]);
    }
}
