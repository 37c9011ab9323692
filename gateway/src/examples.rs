//! What the description of the interface shows: for every operation a request that can be sent as it stands, and what
//! it was answered. A request is the example of its body's type; the answers are kept in `docs/examples.json` by
//! operation, as a node has given them. A test sends all of them and compares.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{Content, OpenApi, RefOr};

const ANSWERS: &str = include_str!("../docs/examples.json");

/// What an operation's example was answered.
#[derive(Deserialize)]
struct Answer {
    status: String,
    /// One value, or one for each line of an answer in lines; none of an answer without a body.
    #[serde(default)]
    body: Vec<Value>,
}

/// Puts the examples into the description.
pub(crate) fn attach(description: &mut OpenApi) {
    // A file that cannot be read leaves operations without examples, which the tests do not let pass.
    let answers: BTreeMap<String, Answer> = serde_json::from_str(ANSWERS).unwrap_or_default();
    let schemas =
        description.components.as_ref().map(|components| components.schemas.clone()).unwrap_or_default();
    for item in description.paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            if let Some(RefOr::T(body)) = &mut operation.request_body {
                for content in body.content.values_mut() {
                    let RefOr::T(content) = content else { continue };
                    content.example = content.schema.as_ref().and_then(|schema| example_of(schema, &schemas));
                }
            }
            let answer = operation.operation_id.as_ref().and_then(|id| answers.get(id));
            if let Some(answer) = answer {
                show(operation, answer);
            }
        }
    }
}

fn show(operation: &mut Operation, answer: &Answer) {
    let Some(RefOr::T(response)) = operation.responses.responses.get_mut(&answer.status) else { return };
    for content in response.content.values_mut() {
        if let RefOr::T(content) = content {
            put(content, &answer.body);
        }
    }
}

fn put(content: &mut Content, body: &[Value]) {
    if let [only] = body {
        content.example = Some(only.clone());
        return;
    }
    for (line, value) in (1..).zip(body) {
        let example = ExampleBuilder::new().value(Some(value.clone())).build();
        content.examples.insert(format!("line {line}"), RefOr::T(example));
    }
}

/// The example of a schema, wherever it is said.
fn example_of(schema: &RefOr<Schema>, named: &BTreeMap<String, RefOr<Schema>>) -> Option<Value> {
    match schema {
        RefOr::Ref(reference) => {
            let name = reference.ref_location.rsplit('/').next()?;
            example_of(named.get(name)?, named)
        }
        RefOr::T(Schema::Object(object)) => object.example.clone(),
        // A body that may be left out.
        RefOr::T(Schema::OneOf(one)) => one.items.iter().find_map(|item| example_of(item, named)),
        RefOr::T(_) => None,
    }
}
