//! Titled parts of a record: the steps, methods, tips, guidelines and resources of a toolkit, the
//! resources of an article, the sessions of an event.

use crate::{PartKind, Record, Resource};

/// Position of a part within its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartPosition {
    /// A step; counted from zero, as are all others.
    Step(usize),
    /// A method of a step.
    Method {
        /// The step.
        step: usize,
        /// The method within the step.
        method: usize,
    },
    /// A tip of a step.
    Tip {
        /// The step.
        step: usize,
        /// The tip within the step.
        tip: usize,
    },
    /// A guideline.
    Guideline(usize),
    /// A resource.
    Resource(usize),
    /// A session of an event.
    Session(usize),
}

impl PartPosition {
    /// The kind of part.
    pub const fn kind(self) -> PartKind {
        match self {
            Self::Step(_) => PartKind::Step,
            Self::Method { .. } => PartKind::Method,
            Self::Tip { .. } => PartKind::Tip,
            Self::Guideline(_) => PartKind::Guideline,
            Self::Resource(_) => PartKind::Resource,
            Self::Session(_) => PartKind::Session,
        }
    }

    /// The fragment identifier on the page of the record, such as `step-2` or `step-2-method-1`.
    pub fn anchor(self) -> String {
        match self {
            Self::Step(step) => format!("step-{}", step + 1),
            Self::Method { step, method } => format!("step-{}-method-{}", step + 1, method + 1),
            Self::Tip { step, tip } => format!("step-{}-tip-{}", step + 1, tip + 1),
            Self::Guideline(at) => format!("guideline-{}", at + 1),
            Self::Resource(at) => format!("resource-{}", at + 1),
            Self::Session(at) => format!("session-{}", at + 1),
        }
    }

    /// The title of the part; `None` if the record has no such part.
    pub fn title(self, record: &Record) -> Option<&str> {
        let title = match (self, record) {
            (Self::Step(step), Record::Toolkit(toolkit)) => &toolkit.steps.get(step)?.title,
            (Self::Method { step, method }, Record::Toolkit(toolkit)) => {
                &toolkit.steps.get(step)?.methods.get(method)?.title
            }
            (Self::Tip { step, tip }, Record::Toolkit(toolkit)) => {
                &toolkit.steps.get(step)?.tips.get(tip)?.title
            }
            (Self::Guideline(at), Record::Toolkit(toolkit)) => &toolkit.guidelines.get(at)?.title,
            (Self::Resource(at), record) => &resources(record).get(at)?.title,
            (Self::Session(at), Record::Event(event)) => &event.sessions.get(at)?.title,
            _ => return None,
        };
        Some(title)
    }
}

/// The resources of a record.
fn resources(record: &Record) -> &[Resource] {
    match record {
        Record::Article(article) => &article.resources,
        Record::Toolkit(toolkit) => &toolkit.resources,
        _ => &[],
    }
}
