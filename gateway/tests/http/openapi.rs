//! The committed description is the one the code makes.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

/// Set to write the committed copy anew instead of comparing with it.
const UPDATE: &str = "HOLDFAST_UPDATE_OPENAPI";

#[test]
fn the_committed_description_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/openapi.json");
    let made = holdfast_gateway::openapi_json();
    if std::env::var_os(UPDATE).is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &made).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == made,
        "the interface has changed: run `{UPDATE}=1 cargo nextest run -p holdfast-gateway openapi` and look at the difference"
    );
}

#[test]
fn every_reference_leads_somewhere() {
    let description: Value = serde_json::from_str(&holdfast_gateway::openapi_json()).unwrap();
    let mut references = BTreeSet::new();
    collect(&description, &mut references);
    assert!(!references.is_empty());
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(description.pointer(pointer).is_some(), "{reference}");
    }
}

fn collect(value: &Value, references: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            references.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| collect(member, references));
        }
        Value::Array(entries) => entries.iter().for_each(|entry| collect(entry, references)),
        _ => {}
    }
}

#[test]
fn every_operation_says_what_it_needs_and_how_it_refuses() {
    let description: Value = serde_json::from_str(&holdfast_gateway::openapi_json()).unwrap();
    assert_eq!(description["openapi"], "3.1.0");
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let at = format!("{method} {path}");
            let headers: Vec<_> = operation["parameters"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|parameter| parameter["in"] == "header")
                .map(|parameter| (parameter["name"].as_str().unwrap(), parameter["required"] == true))
                .collect();
            assert!(headers.contains(&("X-Request-Id", false)), "{at}");
            // A question that is too long for an address changes nothing.
            let changes = method == "post" && path != "/v1/sourcing";
            assert_eq!(headers.contains(&("Idempotency-Key", true)), changes, "{at}");
            let responses = operation["responses"].as_object().unwrap();
            for status in ["400", "404", "500", "503"] {
                assert!(responses.contains_key(status), "{at} {status}");
            }
            if method != "get" {
                for status in ["409", "413", "415", "422"] {
                    assert!(responses.contains_key(status), "{at} {status}");
                }
                let has_body = operation["requestBody"]["content"].is_object();
                assert_eq!(has_body, method != "delete", "{at}");
            }
            assert!(operation["operationId"].is_string() && operation["summary"].is_string(), "{at}");
        }
    }
    for (name, schema) in description["components"]["schemas"].as_object().unwrap() {
        if name.ends_with("Request") && schema["type"] == "object" {
            assert_eq!(schema["additionalProperties"], false, "{name} refuses what it does not know");
        }
    }
}
