//! From a GraphQL request to the calls it asks for: the small part of the language that the SDKs use.
//!
//! An answer's type is known before anything runs, so that a request with an unknown field changes nothing.

use crate::facades::authing::wire::Fault;
use async_graphql_parser::{
    Positioned, parse_query,
    types::{ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet},
};
use async_graphql_value::{ConstValue, Name, Value as Written};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Calls in one request: an SDK makes one, and nobody shall try many passwords at once.
const CALLS_MAX: usize = 5;
/// Fields, spreads and inline fragments of one request, counted as often as they are spread.
const SELECTIONS_MAX: usize = 2_000;
const DEPTH_MAX: usize = 12;
/// Bytes of a query; those of the SDKs have a few thousand.
const QUERY_MAX: usize = 64 * 1024;
/// Brackets within brackets: the parser descends into each, and the stack ends somewhere.
const NESTING_MAX: usize = 32;

/// The body of a request.
#[derive(Deserialize)]
pub(crate) struct Request {
    query: String,
    #[serde(default)]
    variables: Option<Map<String, Value>>,
    #[serde(default, rename = "operationName")]
    operation_name: Option<String>,
}

/// A call that may be asked for.
pub(crate) struct Operation {
    pub(crate) kind: OperationType,
    pub(crate) name: &'static str,
    pub(crate) arguments: &'static [&'static str],
    /// What it answers, alone or as a list; `None`: a scalar.
    pub(crate) answer: Option<&'static Object>,
}

impl Operation {
    /// A call of this kind and name.
    pub(crate) const fn new(
        kind: OperationType,
        name: &'static str,
        arguments: &'static [&'static str],
        answer: Option<&'static Object>,
    ) -> Self {
        Self {
            kind,
            name,
            arguments,
            answer,
        }
    }
}

/// A type of answers.
pub(crate) struct Object {
    pub(crate) name: &'static str,
    pub(crate) scalars: &'static [&'static str],
    pub(crate) objects: &'static [(&'static str, &'static Self)],
}

/// A call that was asked for.
pub(crate) struct Asked {
    /// Its name in the answer.
    pub(crate) key: String,
    pub(crate) operation: &'static Operation,
    pub(crate) arguments: Map<String, Value>,
    picked: Vec<Picked>,
}

/// A selected field of an answer.
struct Picked {
    key: String,
    name: String,
    below: Vec<Self>,
}

/// Reads the calls of a request that this schema offers.
pub(crate) fn calls(schema: &'static [Operation], request: Request) -> Result<Vec<Asked>, Fault> {
    bounded(&request.query)?;
    // The parser's own words can repeat values.
    let document = parse_query(&request.query).map_err(|error| {
        let position = error.positions().next().unwrap_or_default();
        Fault::malformed(format!(
            "the query is not GraphQL (line {}, column {})",
            position.line, position.column
        ))
    })?;
    let definition = chosen(&document, request.operation_name.as_deref())?;
    let variables = variables(definition, request.variables.unwrap_or_default())?;
    let mut reader = Reader {
        document: &document,
        variables,
        left: SELECTIONS_MAX,
    };
    let mut calls = Vec::new();
    for field in reader.fields(&definition.selection_set.node, 0)? {
        let name = field.name.node.as_str();
        let operation = schema
            .iter()
            .find(|operation| operation.kind == definition.ty && operation.name == name)
            .ok_or_else(|| Fault::malformed(format!("there is no {} {name}", definition.ty)))?;
        calls.push(Asked {
            key: field.response_key().node.to_string(),
            operation,
            arguments: reader.arguments(field, operation)?,
            picked: reader.pick(field, operation.answer, 1)?,
        });
    }
    if (1..=CALLS_MAX).contains(&calls.len()) {
        Ok(calls)
    } else {
        Err(Fault::malformed(format!("a request has 1 to {CALLS_MAX} calls")))
    }
}

/// Refuses what the parser would descend into too far, before it does.
///
/// Texts and comments are skipped, as the parser does: brackets that close there close nothing.
fn bounded(query: &str) -> Result<(), Fault> {
    let too_large = || Fault::malformed("the query is too large or too deep");
    let unfinished = || Fault::malformed("the query has a text without an end");
    if query.len() > QUERY_MAX {
        return Err(too_large());
    }
    let (mut rest, mut depth) = (query, 0_usize);
    while let Some(first) = rest.chars().next() {
        if let Some(text) = rest.strip_prefix("\"\"\"") {
            rest = after_text(text, "\"\"\"", &["\\\"\"\""]).ok_or_else(unfinished)?;
            continue;
        }
        let after = &rest[first.len_utf8()..];
        rest = match first {
            '"' => {
                let line = after.find(['\n', '\r']).unwrap_or(after.len());
                let end = after_text(&after[..line], "\"", &["\\\"", "\\\\"]).ok_or_else(unfinished)?;
                &after[line - end.len()..]
            }
            '#' => &after[after.find(['\n', '\r']).unwrap_or(after.len())..],
            '[' | '{' | '(' => {
                depth += 1;
                after
            }
            ']' | '}' | ')' => {
                depth = depth.saturating_sub(1);
                after
            }
            _ => after,
        };
        if depth > NESTING_MAX {
            return Err(too_large());
        }
    }
    Ok(())
}

/// What follows a text that ends with `quote`, in which `escapes` are no end.
fn after_text<'q>(mut text: &'q str, quote: &str, escapes: &[&str]) -> Option<&'q str> {
    loop {
        if let Some(after) = text.strip_prefix(quote) {
            return Some(after);
        }
        text = if let Some(after) = escapes.iter().find_map(|escape| text.strip_prefix(escape)) {
            after
        } else {
            let mut characters = text.chars();
            characters.next()?;
            characters.as_str()
        };
    }
}

impl Asked {
    /// Of an answer, what was selected.
    pub(crate) fn select(&self, answer: &Value) -> Value {
        match self.operation.answer {
            None => answer.clone(),
            Some(object) => select(answer, object, &self.picked),
        }
    }
}

fn select(answer: &Value, object: &'static Object, picked: &[Picked]) -> Value {
    match answer {
        Value::Array(items) => items.iter().map(|item| select(item, object, picked)).collect(),
        Value::Object(members) => {
            let select_one = |field: &Picked| {
                let inner = object.objects.iter().find(|(name, _)| *name == field.name);
                let value = match (members.get(&field.name), inner) {
                    (Some(value), Some((_, inner))) => select(value, inner, &field.below),
                    (Some(value), None) => value.clone(),
                    (None, _) if field.name == "__typename" => object.name.into(),
                    (None, _) => Value::Null,
                };
                (field.key.clone(), value)
            };
            Value::Object(picked.iter().map(select_one).collect())
        }
        _ => Value::Null,
    }
}

fn chosen<'d>(
    document: &'d ExecutableDocument,
    name: Option<&str>,
) -> Result<&'d OperationDefinition, Fault> {
    let mut operations = document.operations.iter();
    let found = match name {
        Some(name) if operations.len() > 1 => {
            operations.find(|(own, _)| own.is_some_and(|own| own.as_str() == name))
        }
        _ if operations.len() == 1 => operations.next(),
        _ => None,
    };
    found
        .map(|(_, definition)| &definition.node)
        .ok_or_else(|| Fault::malformed("operationName names none of the operations"))
}

fn variables(
    definition: &OperationDefinition,
    mut given: Map<String, Value>,
) -> Result<Map<String, Value>, Fault> {
    let mut variables = Map::new();
    for definition in &definition.variable_definitions {
        let definition = &definition.node;
        let name = definition.name.node.as_str();
        let value = match given.remove(name) {
            Some(value) if !value.is_null() => value,
            _ => {
                let default = definition.default_value().cloned();
                let default = default.and_then(|default| default.into_json().ok());
                default.ok_or_else(|| Fault::malformed(format!("the variable ${name} is missing")))?
            }
        };
        variables.insert(name.to_owned(), value);
    }
    Ok(variables)
}

struct Reader<'d> {
    document: &'d ExecutableDocument,
    variables: Map<String, Value>,
    left: usize,
}

impl<'d> Reader<'d> {
    /// The fields of a selection, with its fragments spread.
    fn fields(&mut self, set: &'d SelectionSet, depth: usize) -> Result<Vec<&'d Field>, Fault> {
        if depth > DEPTH_MAX {
            return Err(Fault::malformed("the query is too deep"));
        }
        let mut fields = Vec::new();
        for selection in &set.items {
            self.left = self
                .left
                .checked_sub(1)
                .ok_or_else(|| Fault::malformed("the query is too large"))?;
            if !selection.node.directives().is_empty() {
                return Err(Fault::malformed("directives are not supported"));
            }
            match &selection.node {
                Selection::Field(field) => fields.push(&field.node),
                Selection::InlineFragment(fragment) => {
                    fields.extend(self.fields(&fragment.node.selection_set.node, depth + 1)?);
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    let fragment = self
                        .document
                        .fragments
                        .get(name)
                        .ok_or_else(|| Fault::malformed(format!("there is no fragment {name}")))?;
                    fields.extend(self.fields(&fragment.node.selection_set.node, depth + 1)?);
                }
            }
        }
        Ok(fields)
    }

    fn pick(
        &mut self,
        field: &'d Field,
        answer: Option<&'static Object>,
        depth: usize,
    ) -> Result<Vec<Picked>, Fault> {
        let selected = self.fields(&field.selection_set.node, depth)?;
        let name = &field.name.node;
        let Some(object) = answer else {
            return if selected.is_empty() {
                Ok(Vec::new())
            } else {
                Err(Fault::malformed(format!("{name} has no fields")))
            };
        };
        if selected.is_empty() {
            return Err(Fault::malformed(format!(
                "the fields of {name} have to be selected"
            )));
        }
        let mut picked = Vec::new();
        for field in selected {
            let name = field.name.node.as_str();
            let inner = object.objects.iter().find(|(own, _)| *own == name);
            let known = inner.is_some() || object.scalars.contains(&name) || name == "__typename";
            if !known || !field.arguments.is_empty() {
                return Err(Fault::malformed(format!("{} has no field {name}", object.name)));
            }
            picked.push(Picked {
                key: field.response_key().node.to_string(),
                name: name.to_owned(),
                below: self.pick(field, inner.map(|(_, inner)| *inner), depth + 1)?,
            });
        }
        Ok(picked)
    }

    fn arguments(&self, field: &Field, operation: &Operation) -> Result<Map<String, Value>, Fault> {
        let mut arguments = Map::new();
        for (Positioned { node: name, .. }, Positioned { node: value, .. }) in &field.arguments {
            if !operation.arguments.contains(&name.as_str()) {
                return Err(Fault::malformed(format!(
                    "{} has no argument {name}",
                    operation.name
                )));
            }
            let value = self.value(value.clone())?;
            if !value.is_null() {
                arguments.insert(name.to_string(), value);
            }
        }
        Ok(arguments)
    }

    fn value(&self, written: Written) -> Result<Value, Fault> {
        let variable = |name: Name| {
            let value = self
                .variables
                .get(name.as_str())
                .ok_or_else(|| Fault::malformed(format!("the variable ${name} is not declared")))?;
            ConstValue::from_json(value.clone()).map_err(|_| Fault::malformed("a variable cannot be read"))
        };
        written
            .into_const_with(variable)?
            .into_json()
            .map_err(|_| Fault::malformed("an argument cannot be read"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    static HOME: Object = Object {
        name: "Home",
        scalars: &["city"],
        objects: &[],
    };
    static PERSON: Object = Object {
        name: "Person",
        scalars: &["id", "name"],
        objects: &[("homes", &HOME)],
    };
    static SCHEMA: [Operation; 3] = [
        Operation {
            kind: OperationType::Query,
            name: "person",
            arguments: &["id", "input"],
            answer: Some(&PERSON),
        },
        Operation {
            kind: OperationType::Query,
            name: "word",
            arguments: &[],
            answer: None,
        },
        Operation {
            kind: OperationType::Mutation,
            name: "rename",
            arguments: &["id", "name"],
            answer: Some(&PERSON),
        },
    ];

    fn read(query: &str, variables: Value) -> Result<Vec<Asked>, Fault> {
        let body = json!({ "query": query, "variables": variables });
        calls(&SCHEMA, serde_json::from_value(body).unwrap())
    }

    fn answer(query: &str, variables: Value) -> Value {
        let calls = read(query, variables).unwrap();
        let person = json!({ "id": "1", "name": "Lin", "secret": "s", "homes": [{ "city": "上海" }] });
        calls[0].select(&person)
    }

    #[rstest]
    #[case::shorthand("{ person { id } }", json!({ "id": "1" }))]
    #[case::alias("{ person { who: name } }", json!({ "who": "Lin" }))]
    #[case::nested("{ person { homes { city } } }", json!({ "homes": [{ "city": "上海" }] }))]
    #[case::fragment("query q { person { ...p } } fragment p on Person { id name }", json!({ "id": "1", "name": "Lin" }))]
    #[case::inline("{ person { ... on Person { id } } }", json!({ "id": "1" }))]
    #[case::type_name("{ person { __typename } }", json!({ "__typename": "Person" }))]
    fn answers_what_was_selected(#[case] query: &str, #[case] expected: Value) {
        assert_eq!(answer(query, json!({})), expected);
    }

    #[rstest]
    #[case::variable("query q($id: String) { person(id: $id) { id } }", json!({ "id": "7" }), json!({ "id": "7" }))]
    #[case::null_is_absent("query q($id: String) { person(id: $id) { id } }", json!({}), json!({}))]
    #[case::default("query q($id: String! = \"9\") { person(id: $id) { id } }", json!({}), json!({ "id": "9" }))]
    #[case::inside("query q($n: String) { person(input: { name: $n, list: [1, TWO] }) { id } }",
        json!({ "n": "x" }), json!({ "input": { "name": "x", "list": [1, "TWO"] } }))]
    fn reads_arguments(#[case] query: &str, #[case] variables: Value, #[case] expected: Value) {
        let calls = read(query, variables).unwrap();
        assert_eq!(Value::Object(calls[0].arguments.clone()), expected);
    }

    #[rstest]
    #[case::syntax("{ person { ")]
    #[case::empty("")]
    #[case::unknown_call("{ nobody { id } }")]
    #[case::mutation_as_query("{ rename { id } }")]
    #[case::unknown_field("{ person { id secret } }")]
    #[case::unknown_field_below("{ person { homes { street } } }")]
    #[case::no_fields("{ person }")]
    #[case::fields_of_a_scalar("{ word { id } }")]
    #[case::fields_of_a_scalar_below("{ person { id { x } } }")]
    #[case::unknown_argument("{ person(age: 1) { id } }")]
    #[case::undeclared_variable("{ person(id: $id) { id } }")]
    #[case::missing_variable("query q($id: String!) { person(id: $id) { id } }")]
    #[case::directive("{ person { id @skip(if: true) } }")]
    #[case::unknown_fragment("{ person { ...p } }")]
    #[case::endless_fragment("{ person { ...p } } fragment p on Person { ...p }")]
    #[case::which("query a { word } query b { word }")]
    #[case::subscription("subscription s { word }")]
    #[case::many("{ a: word b: word c: word d: word e: word f: word }")]
    fn refuses(#[case] query: &str) {
        assert!(read(query, json!({})).is_err());
    }

    #[rstest]
    #[case::a_mebibyte(&"[".repeat(500_000))]
    #[case::small_enough(&"[".repeat(40_000))]
    #[case::selections(&"{a".repeat(20_000))]
    #[case::objects(&"{a:".repeat(20_000))]
    #[case::closed_in_texts(&"[\"]\"".repeat(15_000))]
    #[case::closed_after_an_escape(&"[\"\\\"]\"".repeat(10_000))]
    #[case::closed_in_blocks(&"[\"\"\"]\"\"\"".repeat(8_000))]
    #[case::closed_in_comments(&"[#]\n".repeat(15_000))]
    #[case::a_block_without_an_end(&format!("[\"\"\" {}", "[".repeat(40_000)))]
    #[case::a_text_without_an_end(&format!("[\" {}", "[".repeat(40_000)))]
    fn what_the_stack_would_not_hold_is_refused_before_it_is_parsed(#[case] brackets: &str) {
        assert!(read(&format!("{{ person(id: {brackets}"), json!({})).is_err());
    }

    #[rstest]
    #[case::types(&format!("query q($a: {}) {{ word }}", "[".repeat(40_000)))]
    #[case::constants(&format!("query q($a: A = {}) {{ word }}", "[".repeat(40_000)))]
    fn neither_are_deep_variables(#[case] query: &str) {
        assert!(read(query, json!({})).is_err());
    }

    #[test]
    fn brackets_in_texts_and_comments_are_only_characters() {
        let many = "[{(".repeat(100);
        let query = format!("# {many}\n{{ person(id: \"{many} \\\" 小满\") {{ id }} }}");
        let calls = read(&query, json!({})).unwrap();
        assert_eq!(calls[0].arguments["id"], format!("{many} \" 小满"));
        let query = format!("{{ person(id: \"\"\"{many} \\\"\"\" \"\"\") {{ id }} }}");
        assert!(read(&query, json!({})).is_ok());
    }

    #[test]
    fn fragments_that_multiply_are_refused() {
        let mut query = "{ person { ...f0 } }".to_owned();
        for level in 0..10 {
            let next = format!("...f{}", level + 1);
            query = format!("{query} fragment f{level} on Person {{ {} }}", next.repeat(10));
        }
        query += " fragment f10 on Person { id }";
        assert!(read(&query, json!({})).is_err());
    }

    proptest! {
        #[test]
        fn never_panics(query in "[{}()$:!a-zA-Z\" .,]{0,60}") {
            let _ = read(&query, json!({}));
        }
    }
}
