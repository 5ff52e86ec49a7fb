//! Cells as spreadsheets write them.

/// What spreadsheets in English and Dutch write for a formula that failed.
const SPREADSHEET_ERRORS: [&str; 14] = [
    "#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!", "#N/B", "#VERW!", "#NAAM?",
    "#WAARDE!", "#DEEL/0!", "#GETAL!", "#LEEG!",
];

/// Whether a cell is an error, or number signs in place of a value that does not fit.
pub(super) fn is_spreadsheet_error(cell: &str) -> bool {
    SPREADSHEET_ERRORS.contains(&cell) || (cell.len() > 2 && cell.bytes().all(|byte| byte == b'#'))
}

/// The text of a cell; programs write `="007"` to prevent Excel from reading it as a number.
pub(super) fn cell_text(cell: &str) -> String {
    let cell = cell.trim();
    match cell.strip_prefix("=\"").and_then(|text| text.strip_suffix('"')) {
        Some(text) => text.replace("\"\"", "\"").trim().to_owned(),
        None => cell.to_owned(),
    }
}

/// How the quoted cells of a row end.
pub(super) enum Quoting {
    Closed,
    /// The row ends inside a quoted cell.
    Open,
    TextAfterEnd,
}

/// Reads the quotation marks of a row as it is written, with its line ends.
pub(super) fn quoting(row: &[u8], delimiter: u8) -> Quoting {
    let mut at = 0;
    while at < row.len() {
        if row[at] != b'"' {
            // An unquoted cell, in which quotation marks have no meaning.
            let is_end = |byte: &u8| *byte == delimiter || *byte == b'\n';
            at += row[at..].iter().position(is_end).unwrap_or(row.len() - at) + 1;
            continue;
        }
        at += 1;
        loop {
            let Some(quote) = row[at..].iter().position(|byte| *byte == b'"') else {
                return Quoting::Open;
            };
            at += quote + 1;
            if row.get(at) != Some(&b'"') {
                break;
            }
            at += 1;
        }
        at += row[at..].iter().take_while(|byte| **byte == b' ').count();
        match row.get(at) {
            None => {}
            Some(byte) if *byte == delimiter || *byte == b'\n' => at += 1,
            Some(_) => return Quoting::TextAfterEnd,
        }
    }
    Quoting::Closed
}
