//! Texts of cursors and ids: what is read must be written the same way again.

use schema::{Cursor, GenerationNumber, NodeId, NodeKind, SortValue, cursor::CURSOR_BYTES_MAX};

use crate::draw::Draw;

/// Checks bytes as the text of a cursor and of an id, and the cursor that they choose.
pub fn check(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        if let Ok(cursor) = text.parse::<Cursor>() {
            assert!(text.len() <= CURSOR_BYTES_MAX, "a long cursor was read: {text}");
            is_written_as_it_is_read(&cursor);
        }
        if let Ok(id) = text.parse::<NodeId>() {
            assert_eq!(id.to_string(), text, "an id has one text");
            assert_eq!(NodeId::from_bits(id.to_bits()), Ok(id));
        }
    }
    is_written_as_it_is_read(&drawn(&mut Draw::new(bytes)));
}

fn is_written_as_it_is_read(cursor: &Cursor) {
    let text = cursor.to_string();
    assert_eq!(text.parse::<Cursor>().as_ref(), Ok(cursor), "{text}");
}

/// A cursor such as this program makes.
pub fn drawn(draw: &mut Draw<'_>) -> Cursor {
    let number = |draw: &mut Draw<'_>| draw.number().cast_unsigned();
    let value = match draw.below(3) {
        0 => SortValue::Number(draw.number()),
        1 => SortValue::Text(draw.text(600)),
        _ => {
            let bits = u32::try_from(number(draw) >> 32).expect("half of the bits");
            let score = f32::from_bits(bits);
            SortValue::Score(if score.is_finite() { score } else { 0.0 })
        }
    };
    let kind = *draw.pick(&NodeKind::ALL);
    Cursor {
        question: number(draw),
        generation: GenerationNumber(number(draw)),
        day: i32::try_from(draw.number() >> 32).expect("half of the bits"),
        position: u32::try_from(number(draw) >> 32).expect("half of the bits"),
        value,
        id: NodeId::new(kind, number(draw)),
    }
}
