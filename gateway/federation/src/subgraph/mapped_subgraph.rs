//! A plain GraphQL service as a subgraph: translates the operations of plans into operations of the
//! service, by its mapping, and the responses back.
//!
//! Requests are sent by [`HttpSubgraph`], so timeout, retries, circuit breaker and deduplication are
//! the same as for other subgraphs. This module must not know the schema of the service: the
//! composition has checked the mapping against it.

mod entities;
mod lookups;
mod selections;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_graphql_parser::types::{OperationDefinition, OperationType};
use futures_util::{
    FutureExt,
    future::{BoxFuture, join_all},
};

use self::{
    entities::EntityLists,
    lookups::{EntityField, Lookup, LookupRequest, RepresentationLists},
    selections::{DocumentWriter, ResponseShape},
};
use super::{FetchError, FetchResult, HttpSubgraph, Subgraph, SubgraphRequest, SubgraphResponse};
use crate::{error::cause, mapping::ServiceMapping, operation::Operation};

/// The root field of entities.
const ENTITIES: &str = "_entities";

/// A plain GraphQL service.
pub(super) struct MappedSubgraph {
    remote: Arc<HttpSubgraph>,
    mapping: Arc<ServiceMapping>,
}

impl Subgraph for MappedSubgraph {
    fn fetch<'a>(&'a self, request: SubgraphRequest<'a>) -> BoxFuture<'a, FetchResult> {
        async move {
            // The plan and the representations were written by this program: neither error occurs
            // unless that has a defect, and then no client may see the text of the plan.
            let operation = Operation::parse(request.document, None)
                .map_err(|error| FetchError::MalformedResponse(cause(error.error.message)))?;
            let operation = &operation.definition().node;
            let representations = RepresentationLists::parse(request.representations)
                .map_err(|error| FetchError::MalformedResponse(cause(error)))?;
            let fields = EntityField::all_of(operation, &representations);
            if fields.is_empty() {
                self.fetch_root_fields(operation, &request).await
            } else {
                self.fetch_entities(operation, &fields, &request).await
            }
        }
        .boxed()
    }
}

impl MappedSubgraph {
    pub(super) const fn new(remote: Arc<HttpSubgraph>, mapping: Arc<ServiceMapping>) -> Self {
        Self { remote, mapping }
    }

    /// Fetches root fields, under their names at the service.
    async fn fetch_root_fields(
        &self,
        operation: &OperationDefinition,
        request: &SubgraphRequest<'_>,
    ) -> FetchResult {
        let is_mutation = operation.ty == OperationType::Mutation;
        let (root, names) = if is_mutation {
            ("Mutation", &self.mapping.mutations)
        } else {
            ("Query", &self.mapping.queries)
        };
        let set = &operation.selection_set.node;
        let mut writer = DocumentWriter::new(&self.mapping);
        writer.root_fields(set, names);
        let document = writer.finish(operation, "");
        let response =
            self.remote.fetch(SubgraphRequest { document: &document, ..*request }).await?;
        let shape = ResponseShape::of(set, None);
        if !shape.has_typename() {
            return Ok(response);
        }
        let read = shape.selected().read(&response.data);
        let read = read.map_err(|error| FetchError::MalformedResponse(cause(error)))?;
        let mut data = Vec::new();
        shape.translate(read.data, Some(root), &self.mapping).write(&mut data);
        Ok(Arc::new(SubgraphResponse { data: data.into(), errors: response.errors.clone() }))
    }

    /// Looks up the entities of all `_entities` fields.
    async fn fetch_entities(
        &self,
        operation: &OperationDefinition,
        fields: &[EntityField<'_>],
        request: &SubgraphRequest<'_>,
    ) -> FetchResult {
        let lookups = Lookup::all_of(fields, &self.mapping);
        let requests = LookupRequest::split(&lookups, self.mapping.lookup_keys_max);
        let fetches = requests.iter().enumerate().map(|(index, lookup_request)| async move {
            // The first request is counted by the caller.
            if index > 0 {
                request.calls.count()?;
            }
            let (document, variables) =
                lookup_request.write(operation, request.variables, &self.mapping);
            let (document, variables) = (document.as_str(), &variables);
            let request = SubgraphRequest { document, variables, representations: &[], ..*request };
            self.remote.fetch(request).await
        });
        let results = join_all(fetches).await;
        if let Some(Err(first)) = results.first()
            && results.iter().all(Result::is_err)
        {
            return Err(first.clone());
        }
        let mut lists = EntityLists::new(fields, &self.mapping);
        for (lookup_request, result) in requests.iter().zip(&results) {
            match result {
                Ok(response) => lists.add(lookup_request, response, self.remote.name()),
                Err(error) => lists.fail(lookup_request, &error.client_error(self.remote.name())),
            }
        }
        Ok(Arc::new(lists.into_response()))
    }
}
