//! An import's lines: one product and its counts each, and what became of it.

use std::collections::BTreeMap;

use holdfast_engine::product::ProductDetails;
use holdfast_engine::{LocationId, Quantity, Sku};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::bundle::ComponentRequest;
use super::decode::escape;
use super::field_errors::FieldErrors;
use super::int::Int;
use super::object::Object;
use super::policy::PolicyRequest;
use super::product::{PriceRequest, ProductRequest, nothing_known};
use super::stock::quantity;
use super::text::Text;
use crate::problem::Problem;

/// One line of an import. Members of the product that are not given stay as they are.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ImportLine, example = json!({
    "sku": "71053", "name": "White metal lantern",
    "price": {"amount": "3.39", "currency": "GBP"}, "stock": {"leeds": 40}
}))]
pub(crate) struct ImportLine<'a> {
    /// Which product.
    #[serde(borrow)]
    #[schema(value_type = String, min_length = 1, max_length = 64)]
    sku: Text<'a>,
    /// Name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 512)]
    name: Option<Text<'a>>,
    /// List price of a unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<PriceRequest>)]
    price: Option<Object<PriceRequest<'a>>>,
    /// How it may be sold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<PolicyRequest>)]
    policy: Option<Object<PolicyRequest>>,
    /// What each unit of it is made of, which makes it a bundle; nothing makes a bundle a usual product again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<ComponentRequest>>, max_items = 50)]
    components: Option<Vec<Object<ComponentRequest<'a>>>>,
    /// What a count found, by location.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(inline, value_type = Option<BTreeMap<String, u64>>)]
    stock: Option<BTreeMap<String, Int>>,
}

/// A line with its product's name and counts checked; the details wait for what is there already.
#[derive(Debug)]
pub(crate) struct CheckedLine<'a> {
    pub(crate) sku: Sku,
    pub(crate) counts: Vec<(LocationId, Quantity)>,
    pub(crate) product: ProductRequest<'a>,
}

impl<'a> ImportLine<'a> {
    /// Checks everything and names all that is wrong.
    pub(crate) fn check(self) -> Result<CheckedLine<'a>, Problem> {
        let mut errors = FieldErrors::default();
        let sku = errors.name(|| "/sku".to_owned(), Sku::new(&self.sku));
        let mut counts = Vec::new();
        for (location, count) in self.stock.iter().flatten() {
            let pointer = format!("/stock/{}", escape(location));
            let location = errors.name(|| pointer.clone(), LocationId::new(location));
            let count = quantity(&pointer, *count, &mut errors);
            counts.extend(location.zip(count));
        }
        let Self { name, price, policy, components, .. } = self;
        let product = ProductRequest { name, price, policy, components };
        // What is wrong with the product itself is wrong over any details.
        product.collect(&mut nothing_known(), &mut errors);
        match sku {
            Some(sku) if errors.is_empty() => Ok(CheckedLine { sku, counts, product }),
            _ => Err(errors.into_problem()),
        }
    }
}

impl CheckedLine<'_> {
    /// What the product shall be, given what it is.
    pub(crate) fn details(&self, current: Option<&ProductDetails>) -> Result<ProductDetails, Problem> {
        match current {
            Some(current) => self.product.check_over(current.clone()),
            None => self.product.check(),
        }
    }
}

/// What became of one line.
#[derive(Serialize, ToSchema)]
#[schema(as = ImportResult, example = json!({"line": 1, "sku": "71053", "status": "created"}))]
pub(crate) struct ImportResult<'a> {
    /// Which line, from 1.
    pub(crate) line: u64,
    /// The product it names, if it could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub(crate) sku: Option<&'a str>,
    /// What happened.
    pub(crate) status: ImportStatus,
    /// Why nothing did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<crate::problem::ProblemSchema>)]
    pub(crate) problem: Option<serde_json::Value>,
}

/// What happened to one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ImportStatus {
    /// The product is new.
    Created,
    /// It was there, and something about it changed.
    Updated,
    /// It was there just like this.
    Unchanged,
    /// Nothing happened; see the problem.
    Error,
}

/// The last line of the answer.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = ImportLast, example = json!({"summary": {
    "lines": 1, "created": 1, "updated": 0, "unchanged": 0, "errors": 0, "dry_run": false
}}))]
pub(crate) struct ImportLast {
    /// What became of all lines.
    pub(crate) summary: ImportSummary,
}

/// Sums over an import.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub(crate) struct ImportSummary {
    /// Lines read.
    pub(crate) lines: u64,
    /// Products that are new.
    pub(crate) created: u64,
    /// Products that changed.
    pub(crate) updated: u64,
    /// Products that were like this before.
    pub(crate) unchanged: u64,
    /// Lines that had no effect.
    pub(crate) errors: u64,
    /// Whether this was only a rehearsal.
    pub(crate) dry_run: bool,
}

/// One line of an import's answer.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "describes what is written line by line")]
pub(crate) enum ImportAnswerLine<'a> {
    /// What became of one line.
    Result(ImportResult<'a>),
    /// The last line.
    Last(ImportLast),
}
