//! What only one kind has.

use crate::{
    facts::{
        ArticleFacts, AudienceFacts, CommunityFacts, EventFacts, OrganisationFacts, PersonFacts,
        ThemeFacts, ToolkitFacts,
    },
    pipeline::normalise::{object::Object, part},
};

type Facts<T> = Result<T, String>;

pub(super) fn article(record: &Object) -> Facts<ArticleFacts> {
    Ok(ArticleFacts {
        form: record.word("form")?,
        lead: record.text("lead")?,
        authors: record.names("authors")?,
        interviewees: record.names("interviewees")?,
        quotes: part::quotes(record)?,
        references: record.each("references", part::REFERENCE, part::reference)?,
        resources: part::resources(record)?,
        reports_on: record.name("reports_on")?,
    })
}

pub(super) fn toolkit(record: &Object) -> Facts<ToolkitFacts> {
    Ok(ToolkitFacts {
        form: record.word("form")?,
        external_url: record.url("external_url")?,
        steps: part::steps(record)?,
        resources: part::resources(record)?,
        guidelines: part::guidelines(record)?,
        origin_community: record.name("origin_community")?,
        maintainers: record.names("maintainers")?,
        maturity: record.word("maturity")?,
    })
}

pub(super) fn community(record: &Object) -> Facts<CommunityFacts> {
    Ok(CommunityFacts {
        form: record.word("form")?,
        short_name: record.name("short_name")?,
        question: record.text("question")?,
        purpose: record.text("purpose")?,
        founded: part::founded(record)?,
        origin_organisations: record.names("origin_organisations")?,
        coordinators: record.names("coordinators")?,
        member_count: part::member_count(record)?,
        access: record.word("access")?,
        join_url: record.url("join_url")?,
        platform_url: record.url("platform_url")?,
        layers: record.words("layers")?,
        related: record.names("related_communities")?,
    })
}

pub(super) fn event(record: &Object) -> Facts<EventFacts> {
    let (start, end) = record.span()?;
    Ok(EventFacts {
        form: record.word("form")?,
        series: part::series(record, start.as_ref())?,
        start,
        end,
        status: record.word("status")?,
        attendance: record.word("attendance")?,
        place: part::place(record)?,
        online_url: record.url("online_url")?,
        registration: part::registration(record)?,
        price: record.text("price")?,
        organisers: record.names("organisers")?,
        speakers: record.names("speakers")?,
        sessions: part::sessions(record)?,
        open_to_non_members: record.flag("open_to_non_members")?,
        recording: record.url("recording")?,
    })
}

pub(super) fn theme(record: &Object) -> Facts<ThemeFacts> {
    Ok(ThemeFacts {
        alt_labels: record.names("alt_labels")?,
        definition: record.paragraphs("definition")?,
        broader: record.name("broader")?,
    })
}

pub(super) fn organisation(record: &Object) -> Facts<OrganisationFacts> {
    Ok(OrganisationFacts {
        abbreviations: record.names("abbreviations")?,
        aliases: record.names("aliases")?,
        kind: record.word("organisation_kind")?,
        layer: record.word("layer")?,
        parent: record.name("parent")?,
    })
}

pub(super) fn person(record: &Object) -> Facts<PersonFacts> {
    Ok(PersonFacts { role: record.text("role")?, bio: record.paragraphs("bio")? })
}

pub(super) fn audience(record: &Object) -> Facts<AudienceFacts> {
    Ok(AudienceFacts { perspective: record.word("perspective")? })
}
