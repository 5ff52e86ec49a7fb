//! Inlines generated fragments. The planner moves repeated selection sets to fragments, also on
//! unions; not every GraphQL service accepts a fragment on a union of an object type.

use hive_router_query_planner::{
    ast::{
        document::Document, fragment::FragmentDefinition, selection_item::SelectionItem,
        selection_set::SelectionSet,
    },
    state::supergraph_state::SupergraphState,
};

/// Inlines all fragment spreads, and all inline fragments on the same type as their parent.
pub(crate) fn inline_fragments(document: &Document, state: &SupergraphState) -> Document {
    let mut operation = document.operation.clone();
    let root = state.expect_root_type_name(operation.operation_kind.as_ref());
    let inliner = FragmentInliner { fragments: &document.fragments, state };
    inliner.set(&mut operation.selection_set, Some(root));
    Document { operation, fragments: Vec::new() }
}

struct FragmentInliner<'a> {
    fragments: &'a [FragmentDefinition],
    state: &'a SupergraphState,
}

impl FragmentInliner<'_> {
    fn set(&self, set: &mut SelectionSet, of: Option<&str>) {
        let mut items = Vec::new();
        for mut item in std::mem::take(&mut set.items) {
            match &mut item {
                SelectionItem::Field(field) => {
                    let ty = of.and_then(|of| self.state.field_return_type_name(of, &field.name));
                    self.set(&mut field.selections, ty);
                }
                SelectionItem::InlineFragment(fragment) => {
                    self.set(&mut fragment.selections, Some(&fragment.type_condition));
                    let always = fragment.skip_if.is_none() && fragment.include_if.is_none();
                    if always && of == Some(fragment.type_condition.as_str()) {
                        items.append(&mut fragment.selections.items);
                        continue;
                    }
                }
                SelectionItem::FragmentSpread(name) => {
                    // The fragment is on the parent type, since it was generated from the whole
                    // set.
                    let mut all = self.fragments.iter();
                    let fragment = all.find(|fragment| fragment.name == *name);
                    let below = fragment.map(|one| one.selection_set.clone());
                    let mut below = below.unwrap_or_default();
                    self.set(&mut below, of);
                    items.append(&mut below.items);
                    continue;
                }
            }
            items.push(item);
        }
        set.items = items;
    }
}
