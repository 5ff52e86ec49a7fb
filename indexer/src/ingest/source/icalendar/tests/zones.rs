//! Names and definitions of time zones.

use super::*;

/// Central European time, with an error in its rules if `error_hours` is not zero.
fn definition(name: &str, error_hours: u8) -> String {
    format!(
        "BEGIN:VTIMEZONE\nTZID:{name}\n\
         BEGIN:STANDARD\nDTSTART:20001029T0{}0000\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\n\
         TZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nTZNAME:CET\nEND:STANDARD\n\
         BEGIN:DAYLIGHT\nDTSTART:20000326T020000\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\n\
         TZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nTZNAME:CEST\nEND:DAYLIGHT\nEND:VTIMEZONE\n",
        3 + error_hours
    )
}

fn fixed(name: &str, offset: &str) -> String {
    format!(
        "BEGIN:VTIMEZONE\nTZID:{name}\nBEGIN:STANDARD\nDTSTART:16010101T000000\n\
         TZOFFSETFROM:{offset}\nTZOFFSETTO:{offset}\nEND:STANDARD\nEND:VTIMEZONE\n"
    )
}

fn at(zone: &str, time: &str, more: &str) -> String {
    event("1", &format!("DTSTART;TZID=\"{zone}\":{time}{more}"))
}

/// Start and zone of the only event.
fn start(components: &str) -> [String; 2] {
    let fields = fields(&items_of(components));
    ["start", "time_zone"].map(|name| fields[name].as_str().unwrap_or("-").to_owned())
}

#[test]
fn a_known_name_must_be_resolved_without_the_definition_of_the_file() {
    for (name, start_utc, zone) in [
        ("Europe/Amsterdam", "01", "Europe/Amsterdam"),
        ("europe/amsterdam", "01", "Europe/Amsterdam"),
        ("W. Europe Standard Time", "01", "Europe/Amsterdam"),
        ("Romance Standard Time", "01", "Europe/Brussels"),
        ("GMT Standard Time", "02", "Europe/London"),
        ("/freeassociation.sourceforge.net/Europe/Amsterdam", "01", "Europe/Amsterdam"),
        ("/mozilla.org/20050126_1/Europe/Amsterdam", "01", "Europe/Amsterdam"),
        (
            "/freeassociation.sourceforge.net/Tzfile/America/Argentina/Buenos_Aires",
            "05",
            "America/Argentina/Buenos_Aires",
        ),
    ] {
        // Half past two on this day is the second such time in a definition with an error.
        let outdated = definition(name, 1);
        let expected = [format!("2026-10-26T{start_utc}:30:00Z"), zone.to_owned()];
        let event = at(name, "20261026T023000", "");
        assert_eq!(start(&format!("{outdated}{event}")), expected, "{name}");
        assert_eq!(start(&format!("{event}{outdated}")), expected, "{name}");
        assert_eq!(start(&event), expected, "{name}");
    }
}

#[test]
fn an_unknown_name_must_be_resolved_by_the_definition_of_the_file() {
    let rule = "\nRRULE:FREQ=WEEKLY;COUNT=3";
    let event = at("Onze tijd", "20261026T023000", rule);
    let expected = ["2026-10-26T01:30:00Z", "Europe/Amsterdam"];
    assert_eq!(start(&format!("{event}{}", definition("Onze tijd", 0))), expected);
    // Noon in a zone that no zone of the database resembles.
    let odd = definition("Onze tijd", 1);
    let single = at("Onze tijd", "20260701T120000", "");
    assert_eq!(start(&format!("{odd}{single}")), ["2026-07-01T10:00:00Z", "Europe/Amsterdam"]);
    let series = summaries(&items_of(&format!("{odd}{event}")));
    assert!(series[0].contains("no time zone in the database has these offsets"), "{series:?}");
    let fixed = fixed("Vast", "+0530");
    let event = at("Vast", "20260701T120000", rule);
    assert_eq!(start(&format!("{fixed}{event}")), ["2026-07-01T06:30:00Z", "Asia/Kolkata"]);
    let named =
        definition("Lokaal", 1).replace("TZID:Lokaal", "TZID:Lokaal\nX-LIC-LOCATION:Europe/Paris");
    let event = at("Lokaal", "20260701T120000", rule);
    assert_eq!(start(&format!("{named}{event}")), ["2026-07-01T10:00:00Z", "Europe/Paris"]);
}

#[test]
fn a_name_that_cannot_be_resolved_must_be_rejected_with_a_remedy() {
    let event = at("Onze tijd", "20261026T023000", "");
    let two_rules = definition("Onze tijd", 0).replace("BEGIN:DAYLIGHT", "BEGIN:STANDARD");
    let two_rules = two_rules.replace("END:DAYLIGHT", "END:STANDARD");
    let by_day = definition("Onze tijd", 0).replace("BYDAY=-1SU", "BYMONTHDAY=25");
    for definition in [String::new(), definition("Andere tijd", 0), two_rules, by_day] {
        let summaries = summaries(&items_of(&format!("{event}{definition}")));
        let expected = "!a.ics:7 `DTSTART`: unknown time zone; add it to `time_zones` of the source: \
                        `Onze tijd`";
        assert_eq!(summaries, [expected], "{definition}");
    }
    let config = format!("{CONFIG}\ntime_zones = {{ 'ONZE tijd' = 'W. Europe Standard Time' }}");
    let file = calendar(&event);
    let fields = fields(&items(&config, &[("a.ics", file.as_bytes())]));
    assert_eq!(fields["time_zone"], "Europe/Amsterdam");
}

#[test]
fn floating_times_must_be_in_the_zone_of_the_source_or_else_of_the_file() {
    let floating = event("1", "DTSTART:20261210T190000");
    let paramaribo = format!("X-WR-TIMEZONE:America/Paramaribo\n{floating}");
    assert_eq!(start(&floating), ["2026-12-10T18:00:00Z", "Europe/Amsterdam"]);
    assert_eq!(start(&paramaribo), ["2026-12-10T22:00:00Z", "America/Paramaribo"]);
    let config = format!("{CONFIG}\ntime_zone = 'GMT Standard Time'");
    let configured = fields(&items(&config, &[("a.ics", calendar(&paramaribo).as_bytes())]));
    assert_eq!(configured["time_zone"], "Europe/London");
    let unknown = summaries(&items_of(&format!("X-WR-TIMEZONE:Hier\n{floating}")));
    assert!(unknown[0].contains("set `time_zone` of the source: `Hier`"), "{unknown:?}");
}
