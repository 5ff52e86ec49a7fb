//! The SDL of a service from its response to the introspection query.
//!
//! The response is untrusted: names are checked, and the SDL is parsed and checked before use.

use std::fmt::Write;

use serde::Deserialize;

use crate::mapping::is_name;

/// The introspection query, for types with up to seven lists and non-nulls.
pub(super) const QUERY: &str = "query Introspection { __schema { \
    queryType { name } mutationType { name } \
    types { kind name description \
    fields(includeDeprecated: true) { name description args { ...Input } type { ...Type } \
    isDeprecated deprecationReason } \
    inputFields { ...Input } interfaces { ...Type } possibleTypes { ...Type } \
    enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } } } } \
    fragment Input on __InputValue { name description type { ...Type } defaultValue } \
    fragment Type on __Type { kind name ofType { kind name ofType { kind name ofType { kind name \
    ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } }";

#[derive(Deserialize)]
struct IntrospectionData {
    #[serde(rename = "__schema")]
    schema: IntrospectedSchema,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct IntrospectedSchema {
    query_type: RootType,
    mutation_type: Option<RootType>,
    types: Vec<IntrospectedType>,
}

#[derive(Deserialize)]
struct RootType {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct IntrospectedType {
    kind: String,
    name: String,
    description: Option<String>,
    fields: Option<Vec<IntrospectedField>>,
    input_fields: Option<Vec<IntrospectedInput>>,
    interfaces: Option<Vec<TypeReference>>,
    possible_types: Option<Vec<TypeReference>>,
    enum_values: Option<Vec<IntrospectedEnumValue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct IntrospectedField {
    name: String,
    description: Option<String>,
    #[serde(default)]
    args: Vec<IntrospectedInput>,
    #[serde(rename = "type")]
    of_type: TypeReference,
    #[serde(default)]
    is_deprecated: bool,
    deprecation_reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct IntrospectedInput {
    name: String,
    description: Option<String>,
    #[serde(rename = "type")]
    of_type: TypeReference,
    default_value: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct IntrospectedEnumValue {
    name: String,
    description: Option<String>,
    #[serde(default)]
    is_deprecated: bool,
    deprecation_reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TypeReference {
    kind: String,
    name: Option<String>,
    of_type: Option<Box<Self>>,
}

/// The SDL of a service, from the JSON text of `data` in the response.
///
/// # Errors
/// Why there is none.
pub(super) fn sdl(data: &[u8]) -> Result<String, String> {
    let IntrospectionData { schema } = serde_json::from_slice(data)
        .map_err(|error| format!("no introspection result in the response: {error}"))?;
    let mut sdl = String::new();
    let query = name(&schema.query_type.name)?;
    let mutation = match &schema.mutation_type {
        Some(mutation) => format!(" mutation: {}", name(&mutation.name)?),
        None => String::new(),
    };
    writeln!(sdl, "schema {{ query: {query}{mutation} }}").expect("a string can be written to");
    for of_type in &schema.types {
        // The types of introspection itself are reserved.
        if of_type.name.starts_with("__") {
            continue;
        }
        sdl.push_str(&definition(of_type)?);
    }
    Ok(sdl)
}

fn definition(of_type: &IntrospectedType) -> Result<String, String> {
    let own_name = name(&of_type.name)?;
    let description = description(of_type.description.as_deref());
    let references = |list: &Option<Vec<TypeReference>>, separator: &str| {
        let names = list.iter().flatten().map(reference).collect::<Result<Vec<_>, _>>()?;
        Ok::<_, String>(names.join(separator))
    };
    let inputs = |list: &[IntrospectedInput]| list.iter().map(input).collect::<Result<String, _>>();
    let text = match of_type.kind.as_str() {
        "SCALAR" if ["Int", "Float", "String", "Boolean", "ID"].contains(&own_name) => {
            return Ok(String::new());
        }
        "SCALAR" => format!("scalar {own_name}\n"),
        "OBJECT" | "INTERFACE" => {
            let keyword = if of_type.kind == "OBJECT" { "type" } else { "interface" };
            let interfaces = references(&of_type.interfaces, " & ")?;
            let interfaces = if interfaces.is_empty() {
                String::new()
            } else {
                format!(" implements {interfaces}")
            };
            let mut body = String::new();
            for field in of_type.fields.iter().flatten() {
                body.push_str(&self::description(field.description.as_deref()));
                body.push_str(name(&field.name)?);
                if !field.args.is_empty() {
                    write!(body, "(\n{})", inputs(&field.args)?)
                        .expect("a string can be written to");
                }
                let deprecated =
                    deprecation(field.is_deprecated, field.deprecation_reason.as_deref());
                writeln!(body, ": {}{deprecated}", reference(&field.of_type)?)
                    .expect("a string can be written to");
            }
            format!("{keyword} {own_name}{interfaces} {{\n{body}}}\n")
        }
        "UNION" => format!("union {own_name} = {}\n", references(&of_type.possible_types, " | ")?),
        "ENUM" => {
            let mut body = String::new();
            for value in of_type.enum_values.iter().flatten() {
                body.push_str(&self::description(value.description.as_deref()));
                let deprecated =
                    deprecation(value.is_deprecated, value.deprecation_reason.as_deref());
                writeln!(body, "{}{deprecated}", name(&value.name)?)
                    .expect("a string can be written to");
            }
            format!("enum {own_name} {{\n{body}}}\n")
        }
        "INPUT_OBJECT" => {
            let fields = of_type.input_fields.as_deref().unwrap_or_default();
            format!("input {own_name} {{\n{}}}\n", inputs(fields)?)
        }
        other => return Err(format!("unknown kind of type in the response: `{other}`")),
    };
    Ok(description + &text)
}

fn input(input: &IntrospectedInput) -> Result<String, String> {
    let IntrospectedInput { of_type, default_value, .. } = input;
    let default = default_value.as_ref().map(|value| format!(" = {value}")).unwrap_or_default();
    let description = description(input.description.as_deref());
    Ok(format!("{description}{}: {}{default}\n", name(&input.name)?, reference(of_type)?))
}

fn reference(of_type: &TypeReference) -> Result<String, String> {
    let inner = || match &of_type.of_type {
        Some(inner) => reference(inner),
        None => Err("a type has more lists and non-nulls than the query selects".to_owned()),
    };
    match (of_type.kind.as_str(), &of_type.name) {
        ("LIST", _) => Ok(format!("[{}]", inner()?)),
        ("NON_NULL", _) => Ok(format!("{}!", inner()?)),
        (_, Some(text)) => name(text).map(str::to_owned),
        (kind, None) => Err(format!("a type has no name: `{kind}`")),
    }
}

fn name(text: &str) -> Result<&str, String> {
    if is_name(text) { Ok(text) } else { Err(format!("invalid name in the response: `{text}`")) }
}

fn description(text: Option<&str>) -> String {
    let quoted = text.filter(|text| !text.is_empty()).map(serde_json::Value::from);
    quoted.map(|text| format!("{text}\n")).unwrap_or_default()
}

fn deprecation(is_deprecated: bool, reason: Option<&str>) -> String {
    match (is_deprecated, reason) {
        (false, _) => String::new(),
        (true, None) => " @deprecated".to_owned(),
        (true, Some(reason)) => {
            format!(" @deprecated(reason: {})", serde_json::Value::from(reason))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn named(kind: &str, name: &str) -> serde_json::Value {
        json!({ "kind": kind, "name": name, "ofType": null })
    }

    fn introspection(types: &serde_json::Value) -> Result<String, String> {
        let data = json!({ "__schema": {
            "queryType": { "name": "Root" }, "mutationType": null, "types": types,
        } });
        sdl(data.to_string().as_bytes())
    }

    #[test]
    fn an_introspection_result_must_become_an_sdl() {
        let list = json!({ "kind": "LIST", "name": null, "ofType":
            { "kind": "NON_NULL", "name": null, "ofType": named("SCALAR", "String") } });
        let types = json!([
            { "kind": "OBJECT", "name": "Root", "description": "The \"root\"\n", "fields": [{
                "name": "group", "description": null, "type": named("OBJECT", "Group"),
                "args": [{ "name": "guids", "description": null, "type": list,
                    "defaultValue": "[\"a\"]" }],
                "isDeprecated": true, "deprecationReason": "old",
            }], "interfaces": [] },
            { "kind": "SCALAR", "name": "String", "description": "Built in." },
            { "kind": "SCALAR", "name": "DateTime", "description": "" },
            { "kind": "OBJECT", "name": "Group", "interfaces": [named("INTERFACE", "Node")],
                "fields": [{ "name": "guid", "type": named("SCALAR", "String") }] },
            { "kind": "INTERFACE", "name": "Node",
                "fields": [{ "name": "guid", "type": named("SCALAR", "String") }] },
            { "kind": "UNION", "name": "Either",
                "possibleTypes": [named("OBJECT", "Group"), named("OBJECT", "Root")] },
            { "kind": "ENUM", "name": "Order", "enumValues": [{ "name": "ASC" }] },
            { "kind": "INPUT_OBJECT", "name": "Filter",
                "inputFields": [{ "name": "q", "type": named("SCALAR", "String") }] },
            { "kind": "OBJECT", "name": "__Type", "fields": [] },
        ]);
        let expected = "schema { query: Root }\n\"The \\\"root\\\"\\n\"\ntype Root {\ngroup(\n\
            guids: [String!] = [\"a\"]\n): Group @deprecated(reason: \"old\")\n}\nscalar DateTime\n\
            type Group implements Node {\nguid: String\n}\ninterface Node {\nguid: String\n}\n\
            union Either = Group | Root\nenum Order {\nASC\n}\ninput Filter {\nq: String\n}\n";
        assert_eq!(introspection(&types).unwrap(), expected);
        cynic_parser::parse_type_system_document(expected).unwrap();
    }

    #[test]
    fn anything_else_must_be_rejected() {
        for (types, reason) in [
            (json!(null), "no introspection result"),
            (json!([{ "kind": "OBJECT" }]), "no introspection result"),
            (json!([{ "kind": "SCALAR", "name": "A } type B { c" }]), "invalid name"),
            (json!([{ "kind": "TABLE", "name": "A" }]), "unknown kind"),
            (
                json!([{ "kind": "OBJECT", "name": "A",
                    "fields": [{ "name": "a", "type": { "kind": "LIST", "ofType": null } }] }]),
                "more lists",
            ),
            (
                json!([{ "kind": "OBJECT", "name": "A",
                    "fields": [{ "name": "a", "type": { "kind": "OBJECT" } }] }]),
                "has no name",
            ),
        ] {
            let error = introspection(&types).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
        assert!(sdl(b"null").is_err());
    }
}
