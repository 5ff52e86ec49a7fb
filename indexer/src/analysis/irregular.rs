//! Irregular Dutch words: exceptions and strong verbs.

use std::{collections::HashMap, sync::LazyLock};

/// Words for which the stemming algorithm fails: it would stem *overheid* to *over*, and *gemeente*
/// differently from *gemeentelijk*. The first word of a line is the stem of the whole line.
const EXCEPTIONS: &str = "\
    overheid overheids overheden\n\
    week weken\n\
    tip tips\n\
    link links\n\
    bond bonden\n\
    indienen indient indiende indienden ingediend ingediende indiening\n\
    innen inde inden geint geinde inning inningen\n\
    gemeente gemeenten gemeentes gemeentelijk gemeentelijke\n\
    gebruiker gebruikers\n\
    gebruik gebruiken gebruikt gebruikte gebruikten\n\
    gebied gebieden\n\
    gelijk gelijke\n\
    gegeven gegevens\n\
    gezond gezonde\n\
    geld gelden\n\
    middel middelen\n\
    mogelijkheid mogelijkheden\n\
    toolkit toolkits\n\
    lid leden\n\
    stad steden\n\
    schip schepen\n\
    kind kinderen\n\
    ei eieren\n\
    blad bladen bladeren\n\
    dag dagen\n\
    weg wegen\n\
    datum data\n\
    medium media\n\
    museum musea\n\
    praktijk praktijken\n\
    praktisch praktische\n\
    website websites\n\
    site sites\n\
    verleden\n\
    test testen getest geteste\n\
    geweld\n\
    geduld\n\
    wijzig wijzigen wijzigt wijzigde wijzigden gewijzigd gewijzigde wijziging wijzigingen\n\
    burger burgers burgerlijk burgerlijke\n\
    verzend verzenden verzendt verzonden verzending";

/// Infinitive, past tense, past participle without *ge*, and the past plural if its vowel differs.
const STRONG_VERBS: &str = "\
    bederven bedierf bedorven\n\
    beginnen begon begonnen\n\
    bevelen beval bevolen bevalen\n\
    bewegen bewoog bewogen\n\
    bezwijken bezweek bezweken\n\
    bidden bad beden baden\n\
    bieden bood boden\n\
    bijten beet beten\n\
    binden bond bonden\n\
    blazen blies blazen\n\
    blijken bleek bleken\n\
    blijven bleef bleven\n\
    breken brak broken braken\n\
    brengen bracht bracht\n\
    buigen boog bogen\n\
    denken dacht dacht\n\
    dragen droeg dragen\n\
    drijven dreef dreven\n\
    dringen drong drongen\n\
    drinken dronk dronken\n\
    duiken dook doken\n\
    dwingen dwong dwongen\n\
    eten at geten aten\n\
    fluiten floot floten\n\
    gelden gold golden\n\
    genezen genas genezen genazen\n\
    genieten genoot genoten\n\
    geven gaf geven gaven\n\
    gieten goot goten\n\
    glijden gleed gleden\n\
    graven groef graven\n\
    grijpen greep grepen\n\
    hangen hing hangen\n\
    heffen hief heven\n\
    helpen hielp holpen\n\
    houden hield houden\n\
    kiezen koos kozen\n\
    kijken keek keken\n\
    klimmen klom klommen\n\
    klinken klonk klonken\n\
    komen kwam komen kwamen\n\
    kopen kocht kocht\n\
    krijgen kreeg kregen\n\
    krimpen kromp krompen\n\
    laten liet laten\n\
    lezen las lezen lazen\n\
    liegen loog logen\n\
    liggen lag legen lagen\n\
    lijden leed leden\n\
    lijken leek leken\n\
    lopen liep lopen\n\
    meten mat meten maten\n\
    mijden meed meden\n\
    nemen nam nomen namen\n\
    prijzen prees prezen\n\
    raden ried raden\n\
    rijden reed reden\n\
    roepen riep roepen\n\
    ruiken rook roken\n\
    schenden schond schonden\n\
    schenken schonk schonken\n\
    scheppen schiep schapen\n\
    schieten schoot schoten\n\
    schijnen scheen schenen\n\
    schrijven schreef schreven\n\
    schrikken schrok schrokken\n\
    schuiven schoof schoven\n\
    slaan sloeg slagen\n\
    slapen sliep slapen\n\
    slijten sleet sleten\n\
    sluiten sloot sloten\n\
    snijden sneed sneden\n\
    spreken sprak sproken spraken\n\
    springen sprong sprongen\n\
    staan stond staan\n\
    steken stak stoken staken\n\
    stelen stal stolen stalen\n\
    sterven stierf storven\n\
    stijgen steeg stegen\n\
    strijden streed streden\n\
    strijken streek streken\n\
    treden trad treden traden\n\
    treffen trof troffen\n\
    trekken trok trokken\n\
    vallen viel vallen\n\
    vangen ving vangen\n\
    varen voer varen\n\
    vechten vocht vochten\n\
    verdwijnen verdween verdwenen\n\
    vergeten vergat vergeten vergaten\n\
    verliezen verloor verloren\n\
    vinden vond vonden\n\
    vliegen vloog vlogen\n\
    vragen vroeg vraagd\n\
    vriezen vroor vroren\n\
    wegen woog wogen\n\
    werpen wierp worpen\n\
    werven wierf worven\n\
    wijken week weken\n\
    wijten weet weten\n\
    wijzen wees wezen\n\
    winden wond wonden\n\
    winnen won wonnen\n\
    wrijven wreef wreven\n\
    zenden zond zonden\n\
    zien zag zien zagen\n\
    zingen zong zongen\n\
    zinken zonk zonken\n\
    zitten zat zeten zaten\n\
    zoeken zocht zocht\n\
    zuigen zoog zogen\n\
    zwemmen zwom zwommen\n\
    zwijgen zweeg zwegen";

/// Past tense forms that are far more often a different word.
const HOMOGRAPHS: &str = "at bad baden beten boden bond boog dook groef hing las legen lood mat meten \
    raden rook roken schoot schoten slagen slapen sloot sloten sprong sprongen stal stalen steeg stegen \
    stonden vallen vangen varen vocht vochten weken wezen wind wond wonden zaten zeten";

/// Prefixes that replace *ge* in the past participle.
const UNSTRESSED_PREFIXES: [&str; 5] = ["be", "ge", "her", "ont", "ver"];

/// Prefixes of verbs.
const PREFIXES: &str = "aan achter af be bij binnen boven buiten deel door goed her in klaar los mede mee \
    mis na neer om onder ont op open over plaats rond samen stil tegen terug toe tot uit vast ver \
    voor voort vrij waar weer weg";

/// Stem by exception.
static EXCEPTION_STEMS: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
    let mut stems = HashMap::new();
    for line in EXCEPTIONS.lines() {
        let mut forms = line.split_ascii_whitespace();
        let stem = forms.clone().next().unwrap_or_default();
        stems.extend(forms.by_ref().map(|form| (form, stem)));
    }
    stems
});

/// Forms of strong verbs without prefix.
static STRONG_VERB_FORMS: LazyLock<HashMap<&str, StrongVerbForm>> = LazyLock::new(|| {
    let mut all: HashMap<&str, StrongVerbForm> = HashMap::new();
    for line in STRONG_VERBS.lines() {
        let verb: Vec<&'static str> = line.split_ascii_whitespace().collect();
        let [infinitive, past, core, ..] = verb[..] else { continue };
        all.entry(core).or_default().participle_of = Some(infinitive);
        for form in [past, verb.get(3).copied().unwrap_or(core)] {
            if form != infinitive && !HOMOGRAPHS.split_ascii_whitespace().any(|o| o == form) {
                all.entry(form).or_default().past_of = Some(infinitive);
            }
        }
    }
    all
});

/// The infinitives of a verb form.
#[derive(Debug, Clone, Copy, Default)]
struct StrongVerbForm {
    past_of: Option<&'static str>,
    participle_of: Option<&'static str>,
}

/// The stem of an exception.
pub(super) fn exception(folded: &str) -> Option<&'static str> {
    EXCEPTION_STEMS.get(folded).copied()
}

/// Prefixes of separable verbs, such as *aan* of *aanvragen*.
pub(super) fn separable_prefixes() -> impl Iterator<Item = &'static str> {
    PREFIXES.split_ascii_whitespace().filter(|prefix| !UNSTRESSED_PREFIXES.contains(prefix))
}

/// Infinitives of the strong verbs of which a word can be the past tense or the past participle.
pub(super) fn strong_verbs(folded: &str) -> impl Iterator<Item = String> {
    let prefixes = [""].into_iter().chain(PREFIXES.split_ascii_whitespace());
    prefixes.filter_map(|prefix| {
        let form = folded.strip_prefix(prefix)?;
        // *Verzonden* and *verloren* have no *ge*; *zonden* without a prefix is the past tense.
        let with_ge = form.strip_prefix("ge").and_then(|core| STRONG_VERB_FORMS.get(core));
        let participle = with_ge.or_else(|| STRONG_VERB_FORMS.get(form)).and_then(|forms| {
            let infinitive = forms.participle_of?;
            let is_whole =
                UNSTRESSED_PREFIXES.iter().any(|unstressed| infinitive.starts_with(unstressed));
            let fits = with_ge.is_some() || !prefix.is_empty() || is_whole;
            fits.then_some(infinitive)
        });
        let past = || STRONG_VERB_FORMS.get(form).and_then(|forms| forms.past_of);
        let infinitive = participle.or_else(past)?;
        Some(format!("{prefix}{infinitive}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_strong_verbs_must_map_to_their_infinitive() {
        for (form, infinitive) in [
            ("geschreven", "schrijven"),
            ("schreef", "schrijven"),
            ("aangeboden", "aanbieden"),
            ("ontworpen", "ontwerpen"),
            ("overleden", "overlijden"),
            ("vonden", "vinden"),
            ("begonnen", "beginnen"),
            ("verloren", "verliezen"),
            ("genoten", "genieten"),
            ("onderzocht", "onderzoeken"),
        ] {
            assert!(strong_verbs(form).any(|found| found == infinitive), "{form}");
        }
        assert_eq!(strong_verbs("tafel").count(), 0);
    }

    #[test]
    fn no_form_must_occur_in_two_exceptions() {
        let mut forms: Vec<_> = EXCEPTIONS.split_ascii_whitespace().collect();
        forms.sort_unstable();
        assert!(forms.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
