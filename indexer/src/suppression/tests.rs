use schema::Language::{En, Nl};

use super::*;

/// A list with these names.
fn listed(names: &[&str]) -> (tempfile::TempDir, Suppression) {
    let data = tempfile::tempdir().unwrap();
    for name in names {
        ListEditor::open(data.path()).unwrap().add(name, Timestamp::UNIX_EPOCH).unwrap();
    }
    let list = Suppression::read(data.path()).unwrap();
    (data, list)
}

#[test]
fn a_name_must_be_found_in_every_notation() {
    let (_data, list) = listed(&["Jan de Vries", "André van ’t Hoff-Özil"]);
    for text in [
        "Jan de Vries",
        "JAN DE VRIES",
        "jan  de\u{a0}vries",
        "Jan\nde\tVries",
        "(Jan de Vries)",
        "Jan de Vries' boek",
        "Jan de Vries’s boek",
        "de Vries, Jan",
        "Vries, Jan de",
        "Vries (Jan de)",
        "Vries Jan de",
        "Ja\u{ad}n de Vries",
        "Jan d\u{200b}e Vries",
        "Ján de Vriés",
        "<b>Jan</b> de Vries",
        "<b>J</b>an de Vries",
        "<p>Jan</p><p>de <em>Vries</em></p>",
        "Jan<br>de<br/>Vries",
        "<img alt=\"Jan de Vries\">",
        "<a href='https://a.example/auteur/jan-de-vries/'>Lees meer</a>",
        "&lt;b&gt;Jan&lt;/b&gt; de Vries",
        "Jan&nbsp;de&#32;Vr&iacute;es",
        "Jan&amp;nbsp;de Vries",
        "Jan de Vr&amp;iacute;es",
        "https://a.example/jan-de-vries.jpg",
        "https://a.example/?q=Jan%20de%20Vries",
        "https://a.example/?q=jan+de+vries",
        "https://a.example/vries-jan-de",
        "https://jandevries.example/",
        "@JanDeVries",
        "jan_de_vries",
        r#"{"name":"J\u00e1n de Vries"}"#,
        r#"{"html":"<b>Jan<\/b>\nde Vries"}"#,
        "Andr&eacute; van 't Hoff-Özil",
        "ANDRE VAN T HOFF OZIL",
        "andre-van-t-hoff-%C3%B6zil",
        "A < B, zei Jan de Vries",
    ] {
        assert!(list.names(text), "{text}");
        for language in [Nl, En] {
            let redacted = list.redact(text, language);
            assert!(!list.names(&redacted), "{text}: {redacted}");
            assert!(is_redacted(&redacted), "{text}: {redacted}");
        }
    }
}

#[test]
fn another_name_must_stay() {
    let (_data, list) = listed(&["Jan de Vries"]);
    for text in [
        "",
        "Jan",
        "de Vries",
        "J. de Vries",
        "Jan Vries",
        "Jan van de Vries",
        "Piet de Vries",
        "Jan de Vriesman",
        "Jande Vries",
        "Hij kent de Vries. Jan komt ook.",
        "jan-willem-de-vries",
        "Janus de Vries",
        "100% de &vries; \\u12 &#xZZ; <",
    ] {
        assert_eq!(list.redact(text, Nl), text);
        assert!(!list.names(text), "{text}");
    }
    let (_data, short) = listed(&["Bo Ter"]);
    assert!(!short.names("boter"), "a short name as one word can be another word");
}

#[test]
fn a_notice_must_stand_where_the_name_stood_and_tags_must_stay() {
    let (_data, list) = listed(&["Jan de Vries", "Piet Jansen"]);
    let address = |entry: usize| list.entries().nth(entry).unwrap().digest[..8].to_owned();
    let (jan, piet) = (address(0), address(1));
    for (text, expected) in [
        ("Ik ben Jan de Vries.", "Ik ben [naam verwijderd].".to_owned()),
        ("Jan de Vries en Piet Jansen", "[naam verwijderd] en [naam verwijderd]".to_owned()),
        ("<p><b>Jan</b> de Vries</p>", "<p><b>[naam verwijderd]</b></p>".to_owned()),
        (
            "<i>J</i>an <b>de <u>Vries</u></b>!",
            "<i>[naam verwijderd]</i><b><u></u></b>!".to_owned(),
        ),
        (
            "<a href=\"/jan-de-vries\">Jan de Vries</a>",
            format!("<a href=\"/naam-verwijderd-{jan}\">[naam verwijderd]</a>"),
        ),
        (
            "/auteur/jan-de-vries /auteur/piet-jansen",
            format!("/auteur/naam-verwijderd-{jan} /auteur/naam-verwijderd-{piet}"),
        ),
        ("<img alt='Jan de Vries'> Jan", "<img alt='[naam verwijderd]'> Jan".to_owned()),
    ] {
        assert_eq!(list.redact(text, Nl), expected);
    }
    assert_eq!(list.redact("By Jan de Vries", En), "By [name removed]");
    assert!(list.is_name(" Jan de Vries ") && list.is_name("Vries Jan de"));
    assert!(!list.is_name("drs. Jan de Vries"));
}

#[test]
fn a_list_must_hold_no_name_and_must_not_be_comparable_with_another() {
    let (data, first) = listed(&["Jan de Vries"]);
    let (_other, second) = listed(&["Jan de Vries"]);
    let text = std::fs::read_to_string(Suppression::path(data.path())).unwrap();
    assert!(!first.names(&text) && !text.to_lowercase().contains("vries"), "{text}");
    assert_ne!(first.digests(), second.digests());
}

#[test]
fn a_list_that_cannot_be_read_must_not_pass_for_an_empty_one() {
    let (data, list) = listed(&["Jan de Vries"]);
    let path = Suppression::path(data.path());
    let text = std::fs::read_to_string(&path).unwrap();
    let digest = list.digests().first().unwrap().clone();
    let other_digest: String = digest.chars().rev().collect();
    for (damaged, expected) in [
        (String::new(), "damaged"),
        ("{}".to_owned(), "damaged"),
        (text.replace(&digest, &other_digest), "changed by hand"),
        (text.replace("\"format\": 1", "\"format\": 2"), "upgrade wegwijzer"),
    ] {
        std::fs::write(&path, &damaged).unwrap();
        let error = Suppression::read(data.path()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert!(ListEditor::open(data.path()).is_err(), "it must not be replaced");
    }
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    assert!(matches!(Suppression::read(data.path()), Err(SuppressionError::Io { .. })));
    std::fs::remove_dir(&path).unwrap();
    assert!(Suppression::read(data.path()).unwrap().is_empty());
    let missing = Suppression::read_for(data.path(), &list.digests()).unwrap_err().to_string();
    assert!(missing.contains("missing"), "{missing}");
}

#[test]
fn only_a_name_of_several_words_must_be_accepted_and_only_a_listed_one_withdrawn() {
    let (data, _list) = listed(&["Jan de Vries", "Piet Jansen"]);
    let open = || ListEditor::open(data.path()).unwrap();
    let long = "a b ".repeat(60);
    for name in ["", "Madonna", "!!", "a b c d e f g h i", long.as_str()] {
        let error = open().add(name, Timestamp::UNIX_EPOCH).unwrap_err();
        assert!(matches!(error, SuppressionError::InvalidName), "{name}");
    }
    // The same name in another notation is the same entry.
    let again = open().add("JAN DE VRIÉS", Timestamp::MAX).unwrap();
    assert_eq!(again.at, Timestamp::UNIX_EPOCH);
    assert!(matches!(open().withdraw("Kees Jansen"), Err(SuppressionError::NotListed)));
    assert!(matches!(open().withdraw("ab"), Err(SuppressionError::NotListed)));
    assert_eq!(open().withdraw(&again.digest[..8]).unwrap().digest, again.digest);
    open().withdraw("piet jansen").unwrap();
    assert!(open().current().is_empty());
}
