//! Fields that only one kind of record has.

use crate::{
    ingest::normalise::{object::Object, series, value_objects},
    source_facts::{
        ArticleFacts, AudienceFacts, CommunityFacts, EventFacts, OrganisationFacts, PersonFacts,
        ThemeFacts, ToolkitFacts,
    },
};

type DetailResult<T> = Result<T, String>;

pub(super) fn article(record: &Object) -> DetailResult<ArticleFacts> {
    Ok(ArticleFacts {
        form: record.enum_value("form")?,
        lead: record.text("lead")?,
        authors: record.names("authors")?,
        interviewees: record.names("interviewees")?,
        quotes: value_objects::quotes(record)?,
        references: record.objects(
            "references",
            value_objects::REFERENCE_KEYS,
            value_objects::reference,
        )?,
        resources: value_objects::resources(record)?,
        reports_on: record.name("reports_on")?,
    })
}

pub(super) fn toolkit(record: &Object) -> DetailResult<ToolkitFacts> {
    Ok(ToolkitFacts {
        form: record.enum_value("form")?,
        external_url: record.url("external_url")?,
        steps: value_objects::steps(record)?,
        resources: value_objects::resources(record)?,
        guidelines: value_objects::guidelines(record)?,
        origin_community: record.name("origin_community")?,
        maintainers: record.names("maintainers")?,
        maturity: record.enum_value("maturity")?,
        aliases: record.names("aliases")?,
    })
}

pub(super) fn community(record: &Object) -> DetailResult<CommunityFacts> {
    Ok(CommunityFacts {
        form: record.enum_value("form")?,
        short_name: record.name("short_name")?,
        question: record.text("question")?,
        purpose: record.text("purpose")?,
        founded: value_objects::founded(record)?,
        origin_organisations: record.names("origin_organisations")?,
        coordinators: record.names("coordinators")?,
        member_count: value_objects::member_count(record)?,
        access: record.enum_value("access")?,
        join_url: record.url("join_url")?,
        platform_url: record.url("platform_url")?,
        layers: record.enum_values("layers")?,
        related: record.names("related_communities")?,
        variant_of: record.name("variant_of")?,
        aliases: record.names("aliases")?,
    })
}

pub(super) fn event(record: &Object) -> DetailResult<EventFacts> {
    let (start, end) = record.span()?;
    Ok(EventFacts {
        form: record.enum_value("form")?,
        uid: value_objects::uid(record)?,
        series: series::series(record, (start.as_ref(), end.as_ref()))?,
        start,
        end,
        status: record.enum_value("status")?,
        attendance: record.enum_value("attendance")?,
        place: value_objects::place(record)?,
        online_url: record.url("online_url")?,
        registration: value_objects::registration(record)?,
        price: record.text("price")?,
        organisers: record.names("organisers")?,
        speakers: record.names("speakers")?,
        sessions: value_objects::sessions(record)?,
        open_to_non_members: record.flag("open_to_non_members")?,
        recording: record.url("recording")?,
    })
}

pub(super) fn theme(record: &Object) -> DetailResult<ThemeFacts> {
    Ok(ThemeFacts {
        alt_labels: record.names("alt_labels")?,
        definition: record.paragraphs("definition")?,
        broader: record.name("broader")?,
    })
}

pub(super) fn organisation(record: &Object) -> DetailResult<OrganisationFacts> {
    Ok(OrganisationFacts {
        abbreviations: record.names("abbreviations")?,
        aliases: record.names("aliases")?,
        kind: record.enum_value("organisation_kind")?,
        layer: record.enum_value("layer")?,
        parent: record.name("parent")?,
        alliances: record.names("alliances")?,
    })
}

pub(super) fn person(record: &Object) -> DetailResult<PersonFacts> {
    Ok(PersonFacts { role: record.text("role")?, bio: record.paragraphs("bio")? })
}

pub(super) fn audience(record: &Object) -> DetailResult<AudienceFacts> {
    Ok(AudienceFacts { perspective: record.enum_value("perspective")? })
}
