//! Texts of cursors and ids: a text that can be parsed must be formatted to the same text.

use schema::{Cursor, GenerationNumber, NodeId, NodeKind, SortValue, cursor::CURSOR_BYTES_MAX};

use crate::byte_source::ByteSource;

/// Checks bytes as the text of a cursor and of an id, and a cursor generated from the bytes.
pub fn check(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        if let Ok(cursor) = text.parse::<Cursor>() {
            assert!(text.len() <= CURSOR_BYTES_MAX, "a long cursor was parsed: {text}");
            assert_round_trip(&cursor);
        }
        if let Ok(id) = text.parse::<NodeId>() {
            assert_eq!(id.to_string(), text, "an id has one text");
            assert_eq!(NodeId::from_bits(id.to_bits()), Ok(id));
        }
    }
    assert_round_trip(&generate(&mut ByteSource::new(bytes)));
}

fn assert_round_trip(cursor: &Cursor) {
    let text = cursor.to_string();
    assert_eq!(text.parse::<Cursor>().as_ref(), Ok(cursor), "{text}");
}

/// A cursor that this program could have created.
pub fn generate(source: &mut ByteSource<'_>) -> Cursor {
    let number = |source: &mut ByteSource<'_>| source.number().cast_unsigned();
    let value = match source.below(3) {
        0 => SortValue::Number(source.number()),
        1 => SortValue::Text(source.text(600)),
        _ => {
            let bits = u32::try_from(number(source) >> 32).expect("half of the bits");
            let score = f32::from_bits(bits);
            SortValue::Score(if score.is_finite() { score } else { 0.0 })
        }
    };
    let kind = *source.pick(&NodeKind::ALL);
    Cursor {
        query_hash: number(source),
        generation: GenerationNumber(number(source)),
        day: i32::try_from(source.number() >> 32).expect("half of the bits"),
        position: u32::try_from(number(source) >> 32).expect("half of the bits"),
        value,
        id: NodeId::new(kind, number(source)),
    }
}
