//! The examples of the interface's description are requests that were sent, and answers that were given: a day of a
//! shop is told in them, one operation after the other, and each answer is compared with the one described and with the
//! schema it shall have.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use holdfast_actors::ManualClock;
use holdfast_engine::Timestamp;
use holdfast_gateway::EmbeddedOptions;
use jsonschema::Validator;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Answer, Shop, eventually};

/// Set to write the answers anew instead of comparing with them.
const UPDATE: &str = "HOLDFAST_UPDATE_EXAMPLES";

/// When the day begins and ends: 2026-11-27T08:00:00Z. The clock stands still, so that answers are the same every day.
const NOW: i64 = 1_795_766_400_000;

const NDJSON: &str = "application/x-ndjson";

fn description() -> Value {
    serde_json::from_str(&holdfast_gateway::openapi_json()).unwrap()
}

/// One operation as it is described.
struct Operation {
    method: Method,
    path: String,
    described: Value,
}

fn operations(description: &Value) -> BTreeMap<String, Operation> {
    let mut operations = BTreeMap::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, described) in item.as_object().unwrap() {
            let id = described["operationId"].as_str().unwrap().to_owned();
            let method = method.to_uppercase().parse().unwrap();
            let operation = Operation { method, path: path.clone(), described: described.clone() };
            operations.insert(id, operation);
        }
    }
    operations
}

/// The only media type of a body, and what is said about it.
fn content(body: &Value) -> Option<(&str, &Value)> {
    let contents = body.get("content")?.as_object().unwrap();
    assert_eq!(contents.len(), 1, "one media type: {body}");
    contents.iter().next().map(|(media_type, content)| (media_type.as_str(), content))
}

/// The values of an example, one for each line of a body in lines.
fn values(content: &Value) -> Vec<Value> {
    match (content.get("example"), content.get("examples")) {
        (Some(only), None) => vec![only.clone()],
        (None, Some(lines)) => {
            lines.as_object().unwrap().values().map(|line| line["value"].clone()).collect()
        }
        _ => Vec::new(),
    }
}

/// What answers are checked by.
struct Schemas(Value);

impl Schemas {
    fn validator(&self, schema: &Value) -> Validator {
        let whole = json!({"allOf": [schema], "components": self.0});
        jsonschema::options().should_validate_formats(true).build(&whole).unwrap()
    }

    #[track_caller]
    fn check(&self, what: &str, schema: &Value, value: &Value) {
        let wrong: Vec<_> = self
            .validator(schema)
            .iter_errors(value)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(wrong.is_empty(), "{what}: {wrong:#?} in {value:#}");
    }
}

/// What is another one each time is said by its kind alone.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| {
                let is_position = matches!(name.as_str(), "version" | "sequence") && value.is_u64();
                (name.clone(), if is_position { json!("a position") } else { shape(value) })
            });
            Value::Object(members.collect())
        }
        Value::Array(entries) => entries.iter().map(shape).collect(),
        Value::String(text) => json!(canonical(text)),
        other => other.clone(),
    }
}

/// A text with the random part of an id replaced by that of the examples.
fn canonical(text: &str) -> String {
    const ANY: &str = "01h455vb4pex5vsknk084sn02q";
    let kinds = ["rsv_", "ord_", "lot_", "req_"];
    match kinds.iter().find(|kind| text.starts_with(**kind) && text.len() == kind.len() + ANY.len()) {
        Some(kind) => format!("{kind}{ANY}"),
        None if text.starts_with("sandbox-") => "sandbox-1".to_owned(),
        None => text.to_owned(),
    }
}

/// The same with the positions left as they are, for the description.
fn shown(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            Value::Object(members.iter().map(|(name, value)| (name.clone(), shown(value))).collect())
        }
        Value::Array(entries) => entries.iter().map(shown).collect(),
        Value::String(text) => json!(canonical(text)),
        other => other.clone(),
    }
}

/// The day, as far as it has been told.
struct Story {
    shop: Shop,
    operations: BTreeMap<String, Operation>,
    schemas: Schemas,
    keys: u32,
    /// The first answer of each operation, as it is kept.
    told: BTreeMap<String, Value>,
}

impl Story {
    async fn begin() -> Self {
        let clock = Arc::new(ManualClock::new(Timestamp::from_millis(NOW)));
        let shop = Shop::open_with(EmbeddedOptions { clock, ..EmbeddedOptions::default() }).await;
        let description = description();
        let schemas = Schemas(description["components"].clone());
        Self { shop, operations: operations(&description), schemas, keys: 0, told: BTreeMap::new() }
    }

    /// Sends the example of an operation, about the thing of this id if it is about one, and checks its answer.
    async fn tell(&mut self, id: &str, about: Option<&Value>) -> Value {
        self.tell_with(id, about, |_| {}).await
    }

    /// The same with something changed in the example, after it was told as it stands or where it has to be otherwise.
    async fn tell_with(&mut self, id: &str, about: Option<&Value>, change: impl FnOnce(&mut Value)) -> Value {
        let operation = self.operations.get(id).unwrap_or_else(|| panic!("there is no operation {id}"));
        let (mut path, mut is_keyed) = (operation.path.clone(), false);
        for parameter in operation.described["parameters"].as_array().unwrap() {
            let name = parameter["name"].as_str().unwrap();
            let example = parameter.get("example");
            let text = |example: &Value| example.as_str().map_or_else(|| example.to_string(), str::to_owned);
            let required = || text(example.unwrap_or_else(|| panic!("{id}: {name} has no example")));
            match parameter["in"].as_str().unwrap() {
                "path" => {
                    let given = about.filter(|_| name == "id").map(text);
                    path = path.replace(&format!("{{{name}}}"), &given.unwrap_or_else(required));
                }
                // Optional ones are left out, so there is one at most.
                "query" if parameter["required"] == true => path.push_str(&format!("?{name}={}", required())),
                "header" => is_keyed |= name == "Idempotency-Key",
                _ => {}
            }
        }
        let mut request = self.shop.request(operation.method.clone(), &path);
        if is_keyed {
            self.keys += 1;
            request = request.header("idempotency-key", format!("example-{}", self.keys));
        }
        if let Some((media_type, content)) = content(&operation.described["requestBody"]) {
            let mut body =
                content.get("example").unwrap_or_else(|| panic!("{id}: the body has no example")).clone();
            change(&mut body);
            self.schemas.check(&format!("the request of {id}"), &content["schema"], &body);
            request = request.header("content-type", media_type).body(body.to_string());
        }
        let answer = self.shop.send(request).await;
        self.compare(id, &answer)
    }

    /// Checks an answer against the description. The first one of each operation is the one described.
    fn compare(&mut self, id: &str, answer: &Answer) -> Value {
        let operation = &self.operations[id];
        let status = answer.status.as_u16().to_string();
        let text = String::from_utf8_lossy(&answer.body);
        assert!(answer.status.is_success(), "{id}: {status} {text}");
        let response = operation.described["responses"].get(&status);
        let response = response.unwrap_or_else(|| panic!("{id}: {status} is not described"));
        let Some((media_type, content)) = content(response) else {
            assert!(answer.body.is_empty(), "{id}: no body is described, and there is {text}");
            self.told.entry(id.to_owned()).or_insert(json!({"status": status}));
            return Value::Null;
        };
        assert_eq!(answer.header("content-type").as_deref(), Some(media_type), "{id}");
        let bodies: Vec<Value> = match media_type {
            NDJSON => text.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
            _ => vec![answer.json()],
        };
        for body in &bodies {
            self.schemas.check(&format!("the answer of {id}"), &content["schema"], body);
        }
        if !self.told.contains_key(id) {
            if std::env::var_os(UPDATE).is_none() {
                let [described, given] = [values(content), bodies.clone()]
                    .map(|bodies| bodies.iter().map(shape).collect::<Vec<_>>());
                assert!(
                    described == given,
                    "{id} is described otherwise (run with {UPDATE}=1 and look at the difference):\n{described:#?}\n\
                     {given:#?}"
                );
            }
            let body: Vec<_> = bodies.iter().map(shown).collect();
            self.told.insert(id.to_owned(), json!({"status": status, "body": body}));
        }
        bodies.into_iter().next().unwrap_or_default()
    }

    /// Waits until no refund of an order is under way: paying back takes its time.
    async fn settle(&self, order: &Value) {
        let path = format!("/v1/orders/{}", order.as_str().unwrap());
        eventually(async || {
            let refunds = self.shop.get(&path).await.expect(StatusCode::OK)["refunds"].clone();
            refunds.as_array().unwrap().iter().all(|refund| refund["status"] != "pending")
        })
        .await;
    }

    /// Ends it: every operation was told.
    async fn end(self) {
        let all: BTreeSet<_> = self.operations.keys().collect();
        let told: BTreeSet<_> = self.told.keys().collect();
        assert_eq!(all, told, "every operation has an example, and is told in the story");
        if std::env::var_os(UPDATE).is_some() {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/examples.json");
            std::fs::write(path, serde_json::to_string_pretty(&self.told).unwrap() + "\n").unwrap();
        }
        self.shop.stop().await;
    }
}

#[tokio::test]
async fn every_operations_example_can_be_sent_and_is_answered_as_described() {
    let mut story = Story::begin().await;

    story.tell("putProduct", None).await;
    story.tell("deleteProduct", None).await;
    story.tell("putProduct", None).await;
    story.tell("adjustStock", None).await;
    story.tell("import", None).await;

    let cart = story.tell("createReservation", None).await["id"].clone();
    story.tell("getReservation", Some(&cart)).await;
    story.tell("extendReservation", Some(&cart)).await;
    story.tell("changeReservation", Some(&cart)).await;
    story.tell("commitReservation", Some(&cart)).await;
    let cart = story.tell("createReservation", None).await["id"].clone();
    story.tell("releaseReservation", Some(&cart)).await;

    let order = story.tell("placeOrder", None).await["id"].clone();
    story.tell("editOrder", Some(&order)).await;
    story.tell("shipOrder", Some(&order)).await;
    story.tell("cancelOrder", Some(&order)).await;
    story.settle(&order).await;
    story.tell("returnUnits", Some(&order)).await;
    story.settle(&order).await;
    story.tell("refundOrder", Some(&order)).await;
    story.settle(&order).await;
    story.tell("getOrder", Some(&order)).await;
    story.tell("listOrders", None).await;

    let to_fail = |body: &mut Value| body["payment"]["method"] = json!("refund_decline");
    let order = story.tell_with("placeOrder", None, to_fail).await["id"].clone();
    story.tell("refundOrder", Some(&order)).await;
    story.settle(&order).await;
    story.tell("retryRefund", Some(&order)).await;

    let lot = story.tell("announceLot", None).await["id"].clone();
    story.tell("rescheduleLot", Some(&lot)).await;
    story.tell("listLots", None).await;
    story.tell("receiveLot", Some(&lot)).await;
    let lot = story.tell("announceLot", None).await["id"].clone();
    story.tell("cancelLot", Some(&lot)).await;
    story.tell("transferStock", None).await;

    story.tell("batch", None).await;
    story.tell("putSale", None).await;
    story.tell("getStock", None).await;
    story.tell("endSale", None).await;
    let counted_at_outlet = |body: &mut Value| {
        let members = body.as_object_mut().unwrap();
        members.remove("delta");
        members.insert("set".to_owned(), json!(0));
        members.insert("location".to_owned(), json!("outlet"));
    };
    story.tell_with("adjustStock", None, counted_at_outlet).await;
    story.tell("deleteLocation", None).await;
    let with_waiting_list =
        |body: &mut Value| body["policy"]["waiting_list"] = json!({"offer_ttl_ms": 600_000});
    story.tell_with("putProduct", None, with_waiting_list).await;
    story.tell("joinWaitingList", None).await;
    story.tell("getWaiting", None).await;
    story.tell("leaveWaitingList", None).await;
    story.tell("getProduct", None).await;
    story.tell("getProductHistory", None).await;
    story.tell("listProducts", None).await;

    // A box of two lanterns.
    let composition = json!({"components": [{"sku": "71053", "quantity": 2}]});
    let put = story.shop.put("/v1/products/BOX", &composition).await;
    let made = story.compare("putProduct", &put);
    assert_eq!(made["components"], composition["components"]);
    let stock = story.shop.get("/v1/stock/BOX").await;
    assert_eq!(story.compare("getStock", &stock)["components"][0]["sku"], "71053");
    let a_box = |body: &mut Value| body["lines"] = json!([{"sku": "BOX", "quantity": 1}]);
    let cart = story.tell_with("createReservation", None, a_box).await;
    assert_eq!(cart["bundles"][0]["sku"], "BOX");
    let of_it = |body: &mut Value| {
        let members = body.as_object_mut().unwrap();
        members.retain(|name, _| matches!(name.as_str(), "customer" | "currency" | "payment" | "ship_to"));
        members.insert("reservation_id".to_owned(), cart["id"].clone());
    };
    let order = story.tell_with("placeOrder", None, of_it).await;
    assert_eq!(order["bundles"], cart["bundles"]);

    story.end().await;
}

#[test]
fn every_operation_has_an_example_of_its_body_and_of_its_answer() {
    for (id, Operation { described, .. }) in operations(&description()) {
        if let Some((_, content)) = content(&described["requestBody"]) {
            assert!(!values(content).is_empty(), "{id}: the body has no example");
        }
        let answers = described["responses"].as_object().unwrap().iter();
        let mut answers = answers.filter(|(status, _)| status.starts_with('2'));
        let has_example =
            |response: &Value| content(response).is_none_or(|(_, content)| !values(content).is_empty());
        assert!(answers.any(|(_, response)| has_example(response)), "{id}: the answer has no example");
    }
}

#[test]
fn the_example_of_a_type_is_one_of_the_type() {
    let description = description();
    let schemas = Schemas(description["components"].clone());
    let mut seen = 0;
    for (name, schema) in description["components"]["schemas"].as_object().unwrap() {
        if let Some(example) = schema.get("example") {
            schemas.check(&format!("the example of {name}"), schema, example);
            seen += 1;
        }
    }
    assert!(seen > 0);
}
