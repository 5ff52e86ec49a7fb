//! Tests with SDLs and supergraphs that could overflow the stack or take forever, on threads with
//! the stack size of the runtime.

use std::{thread, time::Instant};

use super::*;
use crate::{Supergraph, error::with_causes};

/// Stack size of a thread of the runtime, in bytes.
const STACK_BYTES: usize = 2 << 20;

/// Runs `work` on a thread with the stack size of the runtime.
fn on_runtime_stack<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let thread = thread::Builder::new().stack_size(STACK_BYTES);
    thread.spawn(work).unwrap().join().unwrap()
}

fn nested(open: &str, middle: &str, close: &str, depth: usize) -> String {
    format!("{}{middle}{}", open.repeat(depth), close.repeat(depth))
}

/// SDLs with an element nested to `depth`, by description.
fn nested_sdls(depth: usize) -> Vec<(&'static str, String)> {
    let list = |middle: &str| nested("[", middle, "]", depth);
    let object = nested("{a:", "1", "}", depth);
    let set = nested("a{", "a", "}", depth);
    let escaped = nested("a\\u007b", "a", "\\u007D", depth);
    let entity = |directive: &str| {
        format!("type Query {{ t: T }} type T @key(fields: \"id\") {{ id: ID! a: T {directive} }}")
    };
    vec![
        ("type of a field", format!("type Query {{ a: {} }}", list("Int"))),
        ("type of an argument", format!("type Query {{ a(b: {}): Int }}", list("Int"))),
        ("type of an input", format!("input I {{ a: {} }} type Query {{ a: Int }}", list("Int"))),
        ("type in a directive", format!("directive @d(a: {}) on OBJECT", list("Int"))),
        ("list default", format!("type Query {{ a(b: Int = {}): Int }}", list("1"))),
        ("object default", format!("type Query {{ a(b: Int = {object}): Int }}")),
        (
            "default of an input",
            format!("input I {{ a: Int = {} }} type Query {{ a: Int }}", list("1")),
        ),
        ("argument of a directive", format!("type Query @d(a: {}) {{ a: Int }}", list("1"))),
        ("object in a directive", format!("type Query @d(a: {object}) {{ a: Int }}")),
        ("scopes", format!("type Query {{ a: Int @requiresScopes(scopes: {}) }}", list("\"s\""))),
        ("key", format!("type Query {{ t: T }} type T @key(fields: \"{set}\") {{ a: T }}")),
        (
            "escaped key",
            format!("type Query {{ t: T }} type T @key(fields: \"{escaped}\") {{ a: T }}"),
        ),
        ("requires", entity(&format!("@requires(fields: \"{set}\")"))),
        ("provides", entity(&format!("@provides(fields: \"\"\"{set}\"\"\")"))),
        (
            "import",
            format!(
                "extend schema @link(url: \"x\", import: {}) type Query {{ a: Int }}",
                list("\"@key\"")
            ),
        ),
        ("selection", nested("{a", "", "}", depth)),
        ("arguments", nested("type Query { a(", "", "): Int }", depth)),
    ]
}

fn subgraph(name: &str, sdl: String) -> SubgraphSdl {
    SubgraphSdl {
        name: name.to_owned(),
        url: format!("http://{name}.test/"),
        sdl,
        mapping: None,
        inaccessible_fields: InaccessibleFields::Hidden,
    }
}

#[test]
fn deep_nesting_must_be_rejected_everywhere() {
    // Half of the size limit of 4 MiB; with the closing brackets, all of it.
    for depth in [51, 20_000, 500_000] {
        for (what, sdl) in nested_sdls(depth) {
            let errors = on_runtime_stack({
                let sdl = sdl.clone();
                move || compose(&[subgraph("hostile", sdl)]).unwrap_err()
            });
            let text = errors[0].to_string();
            assert!(
                text.contains("cannot parse SDL of `hostile`: line 1, column"),
                "{what}: {text}"
            );
            assert!(text.contains("`sdl_nesting_max`: 50"), "{what}: {text}");
            let error = on_runtime_stack(move || Supergraph::load(&sdl).err().unwrap());
            let text = with_causes(&error);
            assert!(text.contains("`sdl_nesting_max`: 50"), "{what}: {text}");
        }
    }
}

#[test]
fn nesting_within_the_limit_must_fit_the_stack() {
    for depth in [10, 48] {
        for (what, sdl) in nested_sdls(depth) {
            let started = Instant::now();
            on_runtime_stack(move || {
                let sdl = compose(&[subgraph("deep", sdl)]).unwrap_or_default();
                let _ = Supergraph::load(&sdl);
            });
            assert!(started.elapsed().as_secs() < 20, "{what}: {:?}", started.elapsed());
        }
    }
}

fn chains_and_cycles() -> Vec<(&'static str, String)> {
    let chain =
        |count: usize, link: &dyn Fn(usize) -> String| (0..count).map(link).collect::<String>();
    let implements = |count: usize| {
        chain(count, &|n| format!("interface I{n} implements I{} {{ a: Int }} ", n + 1))
            + &format!(
                "interface I{count} {{ a: Int }} type T implements I0 {{ a: Int }} type Query {{ t: T i: I0 }}"
            )
    };
    let circular = "interface A implements B { a: Int } interface B implements A { a: Int }
        type T implements A & B { a: Int } type Query { t: T a: A b: B }";
    vec![
        ("interfaces in a chain", implements(5_000)),
        ("circular interfaces", circular.to_owned()),
        (
            "an interface of itself",
            "interface A implements A { a: A } type T implements A { a: A } type Query { a: A }"
                .to_owned(),
        ),
        ("a union of itself", "union U = U type Query { u: U }".to_owned()),
        (
            "circular inputs",
            "input A { b: B! = {} } input B { a: A! = {} } type Query { a(a: A): Int }".to_owned(),
        ),
        (
            "objects in a chain",
            chain(4_000, &|n| format!("type T{n} {{ a: T{} }} ", n + 1))
                + "type T4000 { a: Int } type Query { t: T0 }",
        ),
        (
            "entities in a chain",
            chain(2_000, &|n| {
                format!("type T{n} @key(fields: \"id a {{ id }}\") {{ id: ID! a: T{} }} ", n + 1)
            }) + "type T2000 @key(fields: \"id\") { id: ID! } type Query { t: T0 }",
        ),
        (
            "a long key",
            format!(
                "type T @key(fields: \"{}\") {{ a: Int }} type Query {{ t: T }}",
                "a ".repeat(20_000)
            ),
        ),
        (
            "a key of itself",
            "type T @key(fields: \"a { a { a { a } } }\") { a: T } type Query { t: T }".to_owned(),
        ),
        (
            "many members",
            format!("type A {{ a: Int }} union U = {} type Query {{ u: U }}", "|A".repeat(5_000)),
        ),
    ]
}

/// SDLs in which something of each element was done once for every other element.
fn products() -> Vec<(&'static str, String)> {
    let list =
        |count: usize, one: &dyn Fn(usize) -> String| (0..count).map(one).collect::<String>();
    let interfaces = list(1_000, &|n| format!("&I{n} "));
    vec![
        (
            "interfaces and fields",
            list(1_000, &|n| format!("interface I{n} {{ a0: Int }} "))
                + &format!("type T implements {interfaces} {{ ")
                + &list(10_000, &|n| format!("a{n}: Int "))
                + "} type Query { t: T }",
        ),
        (
            "objects without the fields of their interface",
            format!("interface I {{ {} }} ", list(3_000, &|n| format!("a{n}: Int ")))
                + &list(3_000, &|n| format!("type T{n} implements I {{ a: Int }} "))
                + "type Query { t: I }",
        ),
        (
            "enum values",
            format!("enum E {{ {} }} type Query {{ e: E }}", list(100_000, &|n| format!("V{n} "))),
        ),
        (
            "arguments",
            format!("type Query {{ a({}): Int }}", list(30_000, &|n| format!("a{n}: Int "))),
        ),
        (
            "private types in a chain",
            "directive @federation__own(a: I0) on OBJECT ".to_owned()
                + &list(20_000, &|n| format!("input I{n} {{ a: I{} }} ", n + 1))
                + "input I20000 { a: Int } type Query { a: Int }",
        ),
    ]
}

fn repetitions() -> Vec<(&'static str, String)> {
    vec![
        (
            "directives",
            format!(
                "directive @d repeatable on OBJECT type Query {} {{ a: Int }}",
                "@d ".repeat(10_000)
            ),
        ),
        (
            "interfaces in a list",
            format!(
                "interface I {{ a: Int }} type T implements {} {{ a: Int }} type Query {{ t: T }}",
                "&I".repeat(2_000)
            ),
        ),
        (
            "nested fragments in a key",
            format!(
                "type T @key(fields: \"{}\") {{ a: T }} type Query {{ t: T }}",
                nested("... on T {", "a", "}", 40)
            ),
        ),
        ("descriptions", format!("\"\"\"{}\"\"\" type Query {{ a: Int }}", "[({".repeat(100_000))),
    ]
}

#[test]
fn long_and_circular_sdls_must_fit_the_stack() {
    for (what, sdl) in chains_and_cycles().into_iter().chain(repetitions()).chain(products()) {
        let started = Instant::now();
        on_runtime_stack(move || {
            let sdl = compose(&[subgraph("long", sdl)]).unwrap_or_default();
            let _ = Supergraph::load(&sdl);
        });
        assert!(started.elapsed().as_secs() < 20, "{what}: {:?}", started.elapsed());
    }
}

#[test]
fn the_time_to_compose_and_load_must_grow_with_the_number_of_types() {
    for roots in ["type Query { t: T0 }", "type Query { t: T0 } type Mutation { t: T0 }"] {
        let types =
            (0..40_000).map(|n| format!("type T{n} {{ a: Int next: T{} }} ", (n + 1) % 40_000));
        let sdl = types.collect::<String>() + roots;
        let started = Instant::now();
        let sdl = compose(&[subgraph("wide", sdl)]).unwrap();
        assert!(Supergraph::load(&sdl).is_ok());
        // Generous for a busy machine: the time with the square of the number is half a minute more.
        assert!(started.elapsed().as_secs() < 20, "{roots}: {:?}", started.elapsed());
    }
}

/// Types whose objects can come from each subset of `count` subgraphs.
fn subsets(count: usize) -> Vec<SubgraphSdl> {
    let graph = |graph: usize| {
        let fields = (0..count).filter(|field| *field != graph);
        let fields: Vec<_> = fields.map(|field| format!("f{field}: T @shareable")).collect();
        let fields = fields.join(" ");
        let sdl = format!(
            "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.5\",
               import: [\"@shareable\"])
             type Query {{ t: T @shareable }} type T {{ a: Int @shareable {fields} }}"
        );
        subgraph(&format!("s{graph}"), sdl)
    };
    (0..count).map(graph).collect()
}

#[test]
fn a_check_of_too_many_sets_of_subgraphs_must_end_with_an_error() {
    let started = Instant::now();
    let errors = compose(&subsets(24)).unwrap_err();
    let text = errors[0].to_string();
    assert!(text.contains("takes more than 1,000,000 steps"), "{text}");
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}
