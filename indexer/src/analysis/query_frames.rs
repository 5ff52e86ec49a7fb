//! Words with which people begin or end a question, and that say nothing about its subject.

/// Beginnings, folded.
const BEGINNINGS: &str = "waar vind ik|waar kan ik vinden|hoe vind ik|ik zoek naar|ik zoek|\
    ik ben op zoek naar|op zoek naar|zoek naar|ik wil graag weten|ik wil weten|ik wil meer weten over|\
    meer weten over|graag meer informatie over|meer informatie over|informatie over|info over|\
    wat betekent|wat betekenen|wat is de betekenis van|wat wordt bedoeld met|wat bedoelen we met|\
    kunt u mij vertellen|kun je mij vertellen|kan iemand vertellen|wie weet|weet iemand|\
    hoe werkt|hoe werken|hoe gaat het met|hoe zit het met|kun je uitleggen|uitleg over|\
    wat doet|wat doen|wat zegt|is er iets over|heeft iemand ervaring met|\
    wanneer is de|wanneer is het|wanneer is|when is the|when is|\
    where do i find|where can i find|how do i find|i am looking for|im looking for|looking for|\
    information about|information on|more information about|more about|tell me about|\
    what does|what is the meaning of|how does|how do i|how can i|does anyone know";
/// Endings, folded, each with the first word of the question that it belongs to.
const ENDINGS: &str = "waar vinden|waar terugvinden|hoe vinden|wat betekent|wat inhoudt|hoe werkt|\
    where find|what mean|what means|how work|how works";

/// The number of words at the beginning and at the end of a question that frame it. All words are
/// folded.
pub(crate) fn query_frame(words: &[&str]) -> (usize, usize) {
    let starts_with = |frame: &str| {
        let mut length = 0;
        frame.split(' ').all(|word| {
            length += 1;
            words.get(length - 1) == Some(&word)
        })
    };
    let beginning = BEGINNINGS.split('|').filter(|frame| starts_with(frame));
    let beginning = beginning.map(|frame| frame.split(' ').count()).max().unwrap_or_default();
    let ends_with = |ending: &str| {
        let ends = (words.first(), words.last());
        ending.split_once(' ').is_some_and(|(first, last)| ends == (Some(&first), Some(&last)))
    };
    let has_ending = words.len() > beginning + 1 && ENDINGS.split('|').any(ends_with);
    (beginning, usize::from(has_ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_must_be_recognised_at_the_beginning_and_at_the_end() {
        let frame = |text: &str| query_frame(&text.split(' ').collect::<Vec<_>>());
        assert_eq!(frame("waar vind ik de toolkit taal"), (3, 0));
        assert_eq!(frame("waar kan ik de toolkit taal vinden"), (0, 1));
        assert_eq!(frame("ik ben op zoek naar een klantreis"), (5, 0));
        assert_eq!(frame("what does wcag mean"), (2, 1));
        assert_eq!(frame("hoe werkt digid"), (2, 0));
        assert_eq!(frame("werkt digid"), (0, 0));
        assert_eq!(frame("vinden"), (0, 0));
    }
}
