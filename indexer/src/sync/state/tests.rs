use super::*;

fn state() -> (tempfile::TempDir, SyncState) {
    let folder = tempfile::tempdir().unwrap();
    let state = SyncState::open(&folder.path().join("sync.redb")).unwrap();
    (folder, state)
}

fn source() -> SourceName {
    SourceName::new("site").unwrap()
}

fn resource(key: &str, body: &str) -> FetchedResource {
    FetchedResource { key: key.to_owned(), version: "1".to_owned(), body: body.as_bytes().to_vec() }
}

fn run(completeness: Completeness) -> SourceRun {
    SourceRun {
        completeness,
        at: 100,
        duration_ms: 1,
        present: 0,
        changed: 0,
        removed: 0,
        missing: 0,
        confirms_absences: false,
        requests: 0,
        bytes: 0,
        notes: Vec::new(),
    }
}

/// Ends a run that found these keys; the keys that remain.
fn after(state: &SyncState, present: &[&str], completeness: Completeness) -> Vec<String> {
    let present = present.iter().map(ToString::to_string).collect();
    state.finish(&source(), &present, run(completeness)).unwrap();
    state.entries(&source()).unwrap().into_iter().map(|(key, _)| key).collect()
}

#[test]
fn absence_must_count_in_two_consecutive_complete_runs_only() {
    use Completeness::{Complete, Failed, Partial};
    let (_folder, state) = state();
    state.prepare(&source(), 1).unwrap();
    let resources = [resource("a", "A"), resource("b", "B")];
    assert_eq!(state.put(&source(), &resources, Timestamp::UNIX_EPOCH).unwrap(), 2);
    let (both, one) = (["a", "b"].as_slice(), ["a"].as_slice());
    for (present, completeness, remaining) in [
        (both, Complete, both),
        (one, Partial, both),
        (&[], Failed, both),
        (one, Complete, both),
        // Found again: the next absence is the first.
        (both, Complete, both),
        (one, Complete, both),
        (one, Partial, both),
        (one, Complete, one),
        (one, Complete, one),
    ] {
        assert_eq!(after(&state, present, completeness), remaining, "{present:?}");
    }
    assert_eq!(state.body(&source(), "b").unwrap(), None);
    assert_eq!(state.body(&source(), "a").unwrap().as_deref(), Some(b"A".as_slice()));
}

#[test]
fn a_new_state_must_not_prove_absence_before_its_second_complete_run() {
    let (_folder, state) = state();
    state.prepare(&source(), 1).unwrap();
    let proves = || state.progress(&source(), 1).unwrap().proves_absence();
    for (completeness, expected) in [
        (Completeness::Complete, false),
        (Completeness::Partial, false),
        (Completeness::Complete, true),
        (Completeness::Failed, true),
    ] {
        after(&state, &[], completeness);
        assert_eq!(proves(), expected, "{completeness:?}");
    }
    assert!(!state.progress(&source(), 2).unwrap().proves_absence(), "other settings");
}

#[test]
fn other_settings_must_discard_the_resources_of_their_source_only() {
    let (_folder, state) = state();
    let other = SourceName::new("site-2").unwrap();
    for name in [&source(), &other] {
        state.prepare(name, 1).unwrap();
        state.put(name, &[resource("a", "A")], Timestamp::UNIX_EPOCH).unwrap();
    }
    state.prepare(&source(), 1).unwrap();
    assert_eq!(state.entries(&source()).unwrap().len(), 1);
    state.prepare(&source(), 2).unwrap();
    assert_eq!(state.entries(&source()).unwrap(), []);
    assert_eq!(state.body(&source(), "a").unwrap(), None);
    assert_eq!(state.entries(&other).unwrap().len(), 1);
}

#[test]
fn only_another_body_must_count_as_a_change() {
    let (_folder, state) = state();
    let put = |body| state.put(&source(), &[resource("a", body)], Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!([put("A"), put("A"), put("B"), put("A")], [1, 0, 1, 1]);
    assert_eq!(state.remove(&source(), &["a".to_owned(), "b".to_owned()]).unwrap(), 1);
}

#[test]
fn a_damaged_state_must_be_replaced_and_a_state_in_use_must_not() {
    let (folder, state) = state();
    let path = folder.path().join("sync.redb");
    assert!(SyncState::open(&path).is_err(), "in use");
    drop(state);
    for damage in [b"".as_slice(), b"not a database", &[0xff; 9_000]] {
        fs::write(&path, damage).unwrap();
        let state = SyncState::open(&path).unwrap();
        assert_eq!(state.entries(&source()).unwrap(), []);
        state.put(&source(), &[resource("a", "A")], Timestamp::UNIX_EPOCH).unwrap();
    }
}

#[test]
fn removed_keys_must_remain_until_they_are_found_again() {
    use Completeness::{Complete, Partial};
    let (_folder, state) = state();
    state.prepare(&source(), 1).unwrap();
    let put = |keys: &[&str]| {
        let resources: Vec<_> = keys.iter().map(|key| resource(key, "A")).collect();
        state.put(&source(), &resources, Timestamp::UNIX_EPOCH).unwrap();
    };
    let remove = |key: &str| state.remove(&source(), &[key.to_owned()]).unwrap();
    let removed = || state.removed_keys(&source()).unwrap();
    put(&["a", "b", "c"]);
    after(&state, &["a", "b", "c"], Complete);
    // One of them was never stored: its record can be from before the state.
    assert_eq!(["a", "b", "never"].map(remove), [1, 1, 0]);
    state.discard(&source(), &["c".to_owned()]).unwrap();
    assert_eq!(removed(), ["a", "b", "never"]);
    after(&state, &[], Partial);
    assert_eq!(removed(), ["a", "b", "never"]);
    put(&["b"]);
    assert_eq!(removed(), ["a", "never"]);
    after(&state, &["b"], Complete);
    assert_eq!(removed(), ["a", "never"]);
    state.forget_removed(&source(), &["a".to_owned()]).unwrap();
    assert_eq!(removed(), ["never"]);
    state.prepare(&source(), 2).unwrap();
    assert_eq!(removed(), [""; 0], "other settings");
}
