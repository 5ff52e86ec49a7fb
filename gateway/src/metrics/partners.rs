//! Counters of partners.

use std::{fmt, sync::Arc};

use prometheus_client::{collector::Collector, encoding::DescriptorEncoder};

use super::scrape::Samples;
use crate::partners::Partners;

/// The counters of each partner, with their help texts, in the order of its usage.
const COUNTERS: [(&str, &str); 4] = [
    ("partner_requests", "Requests with a key of each partner that were admitted"),
    ("partner_requests_rejected", "Requests with a key of each partner that were rejected"),
    ("partner_searches", "Searches on pages of each partner"),
    ("partner_searches_without_hits", "Searches on pages of each partner that found nothing"),
];

/// Collects the usage of all partners.
#[derive(Debug)]
pub(super) struct PartnerCollector(pub(super) Arc<Partners>);

impl Collector for PartnerCollector {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut samples = Samples(encoder);
        let partners = self.0.all();
        for (position, (name, help)) in COUNTERS.into_iter().enumerate() {
            let usage = partners
                .iter()
                .map(|partner| (partner.config.name.as_str(), partner.usage.counts()[position]));
            samples.counters(name, help, "partner", usage)?;
        }
        Ok(())
    }
}
