//! Labels of enum values for readers, in Dutch and English: the same as on the pages.

use super::enums::{
    Access, ArticleForm, Attendance, CommunityForm, EventForm, EventPhase, EventStatus,
    GovernmentLayer, Kind, Language, Maturity, OrganisationKind, PartKind, ToolkitForm,
};
use crate::messages::Messages;

/// A value with a label.
pub(super) trait Label: Copy {
    /// The label in a language, by default in Dutch.
    fn label(self, language: Option<Language>) -> String;
}

macro_rules! labels {
    ($($enum:ident = $key:literal,)+) => {$(
        impl Label for $enum {
            fn label(self, language: Option<Language>) -> String {
                let language = language.map_or(schema::Language::Nl, Into::into);
                Messages::of(language).enum_label($key, schema::$enum::from(self).name())
            }
        }
    )+};
}

labels! {
    Access = "access",
    ArticleForm = "form",
    Attendance = "attendance",
    CommunityForm = "form",
    EventForm = "form",
    EventPhase = "phase",
    EventStatus = "event_status",
    GovernmentLayer = "layer",
    Kind = "kind",
    Language = "language",
    Maturity = "maturity",
    OrganisationKind = "organisation_kind",
    PartKind = "part",
    ToolkitForm = "form",
}

impl Label for i16 {
    fn label(self, _language: Option<Language>) -> String {
        self.to_string()
    }
}
