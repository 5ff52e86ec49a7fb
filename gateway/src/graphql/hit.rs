//! What a search tells about a hit besides the thing itself: where its words stand, and why it was
//! found; and what was made of the words.

use async_graphql::Object;

use super::vocabulary::SearchField;

/// Borrows the places of words in one field.
pub(super) struct Highlight<'a>(pub(super) &'a schema::Highlight);

/// Stretches of one field in which words of the question stand. Plain text with marked spans, never
/// HTML: whoever shows it decides how a hit looks.
#[Object]
impl Highlight<'_> {
    /// Which field.
    async fn field(&self) -> SearchField {
        self.0.field.into()
    }

    /// The stretches, best first: the whole of a short field, some 160 characters of a long one.
    /// Each is a row of spans that make up its text, such as `Een`, ` `, `brief` (a hit).
    async fn fragments(&self) -> Vec<Vec<Span<'_>>> {
        self.0.fragments.iter().map(|spans| spans.iter().map(Span).collect()).collect()
    }
}

/// Borrows a piece of text.
struct Span<'a>(&'a schema::Span);

/// A piece of plain text.
#[Object]
impl Span<'_> {
    /// The text as its source wrote it.
    async fn text(&self) -> &str {
        &self.0.text
    }

    /// Whether it is what was asked for.
    async fn hit(&self) -> bool {
        self.0.hit
    }
}

/// Borrows the reasons for a hit.
pub(super) struct Explanation<'a>(pub(super) &'a schema::Explanation);

/// Why a hit was found and stands where it stands. For editors; it costs extra.
#[Object]
impl Explanation<'_> {
    /// Whether it has every word; hits that do come before all others.
    async fn all_words(&self) -> bool {
        self.0.all_words
    }

    /// The words in the order asked, each with what it brought.
    async fn words(&self) -> Vec<WordMatch<'_>> {
        self.0.words.iter().map(WordMatch).collect()
    }

    /// The reasons as one sentence, in Dutch, such as `Alle woorden komen voor: "brief" in de titel
    /// en de tekst.`
    async fn text(&self) -> String {
        sentence(self.0)
    }
}

/// Borrows what a word brought.
struct WordMatch<'a>(&'a schema::WordMatch);

/// What one word of a question brought to a hit.
#[Object]
impl WordMatch<'_> {
    /// The word as typed.
    async fn word(&self) -> &str {
        &self.0.word
    }

    /// The fields that it was found in; none where the hit lacks it.
    async fn fields(&self) -> Vec<SearchField> {
        self.0.fields.iter().copied().map(Into::into).collect()
    }

    /// Its part of the score that the hit has when the order is `RELEVANCE`.
    async fn score(&self) -> f32 {
        self.0.score
    }
}

/// Borrows what was made of words.
pub(super) struct Interpretation<'a>(pub(super) &'a schema::Interpretation);

/// What was made of the words: what was corrected, left out, or added.
#[Object]
impl Interpretation<'_> {
    /// What was asked, as typed.
    async fn query(&self) -> &str {
        &self.0.query
    }

    /// A question that finds more, to offer to the asker.
    async fn did_you_mean(&self) -> Option<&str> {
        self.0.did_you_mean.as_deref()
    }

    /// The question that was answered instead, because nothing has the words as typed.
    async fn corrected(&self) -> Option<&str> {
        self.0.corrected.as_deref()
    }

    /// Words that were left out, because they hold no letter or digit, or because there are more
    /// than 32.
    async fn ignored_words(&self) -> &[String] {
        &self.0.ignored_words
    }

    /// Words that were looked for besides, because they mean the same.
    async fn synonyms(&self) -> &[String] {
        &self.0.synonyms
    }
}

/// An explanation in plain Dutch.
fn sentence(explanation: &schema::Explanation) -> String {
    let found: Vec<String> = explanation
        .words
        .iter()
        .filter(|word| !word.fields.is_empty())
        .map(|word| format!("\"{}\" in {}", word.word, places(&word.fields)))
        .collect();
    let lacking: Vec<String> = explanation
        .words
        .iter()
        .filter(|word| word.fields.is_empty())
        .map(|word| format!("\"{}\"", word.word))
        .collect();
    let (begin, end) = if explanation.all_words {
        ("Alle woorden komen voor", String::new())
    } else {
        ("Niet alle woorden komen voor", format!(". Niet gevonden: {}", lacking.join(", ")))
    };
    format!("{begin}: {}{end}.", found.join(", "))
}

/// Names of fields in plain Dutch, such as `de titel en de tekst`.
fn places(fields: &[schema::SearchField]) -> String {
    let name = |field: &schema::SearchField| match field {
        schema::SearchField::Title => "de titel",
        schema::SearchField::Lead => "de inleiding",
        schema::SearchField::Body => "de tekst",
        schema::SearchField::Names => "de namen en thema's",
    };
    let names: Vec<&str> = fields.iter().map(name).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [front @ .., last] => format!("{} en {last}", front.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use schema::SearchField;

    use super::*;

    #[test]
    fn an_explanation_must_be_a_sentence_that_names_words_and_places() {
        let word = |word: &str, fields: &[SearchField]| schema::WordMatch {
            word: word.to_owned(),
            fields: fields.to_vec(),
            score: 1.0,
        };
        let brief = word("brief", &[SearchField::Title, SearchField::Lead, SearchField::Body]);
        for (words, all_words, text) in [
            (
                vec![brief.clone(), word("Noor", &[SearchField::Names])],
                true,
                "Alle woorden komen voor: \"brief\" in de titel, de inleiding en de tekst, \
                 \"Noor\" in de namen en thema's.",
            ),
            (
                vec![word("heldere", &[]), brief],
                false,
                "Niet alle woorden komen voor: \"brief\" in de titel, de inleiding en de tekst. \
                 Niet gevonden: \"heldere\".",
            ),
        ] {
            assert_eq!(sentence(&schema::Explanation { all_words, words }), text);
        }
    }
}
