//! `@cost` and `@listSize`: other routers estimate the cost of an operation by them. Several
//! subgraphs with different estimates are merged to the highest one, as Apollo's composition does.

use std::collections::BTreeSet;

use super::type_system::{AppliedDirective, Literal};

/// The `@cost` with the highest weight.
pub(super) fn merged_cost<'a>(
    directives: impl Iterator<Item = &'a AppliedDirective>,
) -> Option<AppliedDirective> {
    let weights = directives.filter(|one| one.name == "cost").filter_map(|one| {
        let weight = one.argument("weight")?;
        Some((number(weight)?, weight.clone()))
    });
    let (_, weight) = weights.reduce(|one, other| if other.0 > one.0 { other } else { one })?;
    Some(AppliedDirective::new("cost").with("weight", weight))
}

/// The `@listSize` with the largest size and the arguments and fields of all.
pub(super) fn merged_list_size<'a>(
    directives: impl Iterator<Item = &'a AppliedDirective>,
) -> Option<AppliedDirective> {
    let copies: Vec<_> = directives.filter(|one| one.name == "listSize").collect();
    if copies.is_empty() {
        return None;
    }
    let all = || copies.iter();
    let mut merged = AppliedDirective::new("listSize");
    let sizes = all().filter_map(|one| one.argument("assumedSize"));
    let largest = sizes.filter_map(|size| Some((number(size)?, size.clone())));
    if let Some((_, size)) = largest.reduce(|one, other| if other.0 > one.0 { other } else { one })
    {
        merged = merged.with("assumedSize", size);
    }
    for argument in ["slicingArguments", "sizedFields"] {
        let mut known = BTreeSet::new();
        let items = all().filter_map(|one| one.argument(argument)).flat_map(Literal::items);
        let items: Vec<Literal> = items.filter(|item| known.insert(*item)).cloned().collect();
        if !items.is_empty() {
            merged = merged.with(argument, Literal::List(items));
        }
    }
    let argument = "requireOneSlicingArgument";
    // The argument is true by default.
    if all().any(|one| one.argument(argument).is_some()) {
        let is_required = all().any(|one| one.argument(argument) != Some(&Literal::Boolean(false)));
        merged = merged.with(argument, Literal::Boolean(is_required));
    }
    Some(merged)
}

fn number(value: &Literal) -> Option<f64> {
    match value {
        Literal::Number(digits) => digits.parse().ok(),
        _ => None,
    }
}
