//! Selects the fragments of a text that best show the matches of a query.

use std::{cmp::Reverse, ops::Range};

use schema::Span;

use crate::index::query::word_set::{MatchedWords, WordSet};

/// Approximate length of a fragment in bytes.
pub(crate) const FRAGMENT_BYTES: usize = 160;
/// Maximum length in bytes of a text that is displayed as a whole.
const WHOLE_TEXT_BYTES_MAX: usize = 240;
/// Maximum number of matches of a text to consider.
const MATCH_SPANS_MAX: usize = 200;

/// A match in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MatchSpan {
    /// Byte range.
    pub(crate) range: Range<usize>,
    /// The query words that match.
    pub(crate) words: WordSet,
    /// Those of them that match exactly, with the whole word.
    pub(crate) exact: WordSet,
}

/// A text and its matches, in order.
pub(crate) struct AnnotatedText<'a> {
    pub(crate) text: &'a str,
    pub(crate) match_spans: Vec<MatchSpan>,
}

impl AnnotatedText<'_> {
    /// The query words that match.
    pub(crate) fn words(&self) -> MatchedWords {
        let spans = self.match_spans.iter();
        spans.map(|span| MatchedWords { any: span.words, exact: span.exact }).collect()
    }
}

/// A text as one fragment.
pub(crate) fn whole_text(annotated: &AnnotatedText<'_>) -> Vec<Span> {
    spans(annotated, &(0..annotated.text.len()))
}

/// The best fragments of several texts, best first, without overlap: fragments with words that
/// previous fragments lack, then fragments with more words.
pub(crate) fn best_fragments(texts: &[AnnotatedText<'_>], max_fragments: usize) -> Vec<Vec<Span>> {
    let mut chosen: Vec<(usize, Range<usize>)> = Vec::new();
    let mut covered = WordSet::EMPTY;
    while chosen.len() < max_fragments {
        let mut candidates = Vec::new();
        for (text_index, annotated) in texts.iter().enumerate() {
            candidates.extend(fragment_candidates(annotated, text_index, &chosen));
        }
        let Some(candidate) = candidates.into_iter().min_by_key(|candidate| {
            let new = candidate.words.difference(covered).len();
            let all = candidate.words.len();
            (
                Reverse(new),
                Reverse(all),
                Reverse(candidate.match_count),
                candidate.text_index,
                candidate.range.start,
            )
        }) else {
            break;
        };
        covered |= candidate.words;
        let free = uncovered_range(
            texts[candidate.text_index].text,
            candidate.text_index,
            &candidate.range,
            &chosen,
        );
        let fragment = widen(texts[candidate.text_index].text, &candidate.range, &free);
        chosen.push((candidate.text_index, fragment));
    }
    chosen.into_iter().map(|(text_index, fragment)| spans(&texts[text_index], &fragment)).collect()
}

/// A range that fits into one fragment.
struct FragmentCandidate {
    text_index: usize,
    range: Range<usize>,
    words: WordSet,
    match_count: usize,
}

/// A candidate starting at every match that has not been displayed yet.
fn fragment_candidates(
    annotated: &AnnotatedText<'_>,
    text_index: usize,
    chosen: &[(usize, Range<usize>)],
) -> Vec<FragmentCandidate> {
    let is_shown = |match_span: &&MatchSpan| {
        !chosen
            .iter()
            .any(|(number, shown)| *number == text_index && shown.contains(&match_span.range.start))
    };
    let match_spans: Vec<&MatchSpan> =
        annotated.match_spans.iter().take(MATCH_SPANS_MAX).filter(is_shown).collect();
    let mut candidates = Vec::with_capacity(match_spans.len());
    for (number, first) in match_spans.iter().enumerate() {
        let start = first.range.start;
        let free = uncovered_range(annotated.text, text_index, &first.range, chosen);
        let end = free.end.min(start + FRAGMENT_BYTES).max(first.range.end);
        let mut candidate = FragmentCandidate {
            text_index,
            range: start..first.range.end,
            words: WordSet::EMPTY,
            match_count: 0,
        };
        for match_span in
            match_spans[number..].iter().take_while(|match_span| match_span.range.end <= end)
        {
            candidate.range.end = match_span.range.end;
            candidate.words |= match_span.words;
            candidate.match_count += 1;
        }
        candidates.push(candidate);
    }
    candidates
}

/// The free range around `range`, between displayed fragments.
fn uncovered_range(
    text: &str,
    text_index: usize,
    range: &Range<usize>,
    chosen: &[(usize, Range<usize>)],
) -> Range<usize> {
    let shown =
        chosen.iter().filter(|(shown_index, _)| *shown_index == text_index).map(|(_, shown)| shown);
    let before = shown.clone().map(|s| s.end).filter(|end| *end <= range.start).max();
    let after = shown.map(|s| s.start).filter(|start| *start >= range.end).min();
    before.unwrap_or(0)..after.unwrap_or(text.len())
}

/// Extends a range to a fragment that starts with a sentence or a word and ends with a word.
fn widen(text: &str, matched_range: &Range<usize>, free: &Range<usize>) -> Range<usize> {
    if free.len() == text.len() && text.len() <= WHOLE_TEXT_BYTES_MAX {
        return 0..text.len();
    }
    // Leave room for text after the matches.
    let room = FRAGMENT_BYTES.saturating_sub(matched_range.len()) / 4 * 3;
    let start = fragment_start(text, matched_range.start, room, free.start);
    let end = fragment_end(
        text,
        matched_range.end,
        (start + FRAGMENT_BYTES).max(matched_range.end),
        free.end,
    );
    let fragment = &text[start..end];
    let leading = fragment.len() - fragment.trim_start().len();
    start + leading..start + leading + fragment.trim().len()
}

/// Start of a fragment whose first match is at `match_start`: the start of the sentence if it is
/// near.
fn fragment_start(text: &str, match_start: usize, room: usize, free: usize) -> usize {
    let earliest = text.ceil_char_boundary(match_start.saturating_sub(room).max(free));
    if earliest == free {
        return free;
    }
    let mut after_sentence = None;
    let mut before = text[..earliest].chars().next_back();
    for (at, letter) in text[earliest..match_start].char_indices() {
        let ends_sentence = matches!(before, Some('.' | '!' | '?' | '…' | ':')) || letter == '\n';
        if letter.is_whitespace() && ends_sentence {
            after_sentence = Some(earliest + at);
        }
        before = Some(letter);
    }
    if let Some(at) = after_sentence {
        return at;
    }
    // No sentence starts nearby, so start with a few words before the match.
    let context = text.ceil_char_boundary(match_start.saturating_sub(room / 2).max(free));
    text[context..match_start].find(char::is_whitespace).map_or(match_start, |at| context + at)
}

/// End of a fragment whose last match ends at `match_end`: the end of a word, at most at `latest`.
fn fragment_end(text: &str, match_end: usize, latest: usize, free: usize) -> usize {
    if latest >= free {
        return free;
    }
    let latest = text.floor_char_boundary(latest);
    if text[latest..].starts_with(char::is_whitespace) {
        return latest;
    }
    text[match_end..latest].rfind(char::is_whitespace).map_or(match_end, |at| match_end + at)
}

/// The spans of a fragment; joined, they are exactly its text.
fn spans(annotated: &AnnotatedText<'_>, fragment: &Range<usize>) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut at = fragment.start;
    let mut push = |range: Range<usize>, highlighted| {
        if !range.is_empty() {
            spans.push(Span { text: annotated.text[range].to_owned(), highlighted });
        }
    };
    for match_span in &annotated.match_spans {
        if match_span.range.start >= at && match_span.range.end <= fragment.end {
            push(at..match_span.range.start, false);
            push(match_span.range.clone(), true);
            at = match_span.range.end;
        }
    }
    push(at..fragment.end, false);
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Annotates all occurrences of `words`.
    fn annotated<'a>(text: &'a str, words: &[&str]) -> AnnotatedText<'a> {
        let mut match_spans = Vec::new();
        for (number, word) in words.iter().enumerate() {
            let match_span = |(at, found): (usize, &str)| MatchSpan {
                range: at..at + found.len(),
                exact: WordSet::EMPTY,
                words: WordSet::single(number),
            };
            match_spans.extend(text.match_indices(word).map(match_span));
        }
        match_spans.sort_by_key(|match_span| match_span.range.start);
        AnnotatedText { text, match_spans }
    }

    fn shown(fragments: &[Vec<Span>]) -> Vec<String> {
        let join = |spans: &Vec<Span>| {
            let piece = |span: &Span| {
                if span.highlighted { format!("[{}]", span.text) } else { span.text.clone() }
            };
            spans.iter().map(piece).collect()
        };
        fragments.iter().map(join).collect()
    }

    #[test]
    fn a_short_text_must_be_shown_whole() {
        let annotated = annotated("Een brief over één brief.", &["brief"]);
        assert_eq!(shown(&best_fragments(&[annotated], 3)), ["Een [brief] over één [brief]."]);
    }

    #[test]
    fn fragments_must_begin_with_a_sentence_and_end_with_a_word() {
        let filler = "Hier staat een zin die niets te zeggen heeft over wat er gevraagd is. ";
        let text =
            format!("{}De klantreis begint bij het loket. {}", filler.repeat(4), filler.repeat(2));
        let fragments = best_fragments(&[annotated(&text, &["klantreis"])], 3);
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
        let fragments = best_fragments(&[annotated(&text, &["brief", "loket", "taal"])], 3);
        let hits: Vec<Vec<_>> = fragments
            .iter()
            .map(|spans| spans.iter().filter(|s| s.highlighted).map(|s| s.text.as_str()).collect())
            .collect();
        assert_eq!(hits, [vec!["brief", "loket"], vec!["taal"], vec!["brief"]]);
    }

    #[test]
    fn a_text_without_spaces_must_be_cut_between_characters() {
        let text = format!("{}/brief/{}", "é/".repeat(300), "ë/".repeat(300));
        let fragments = best_fragments(&[annotated(&text, &["brief"])], 3);
        assert_eq!(shown(&fragments), ["[brief]"]);
    }
}
