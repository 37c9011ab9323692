//! What stands on the wire: requests as the caller wrote them, answers as we write them, and the checked way between
//! them and the engine's own types.
//!
//! A request struct holds what may be wrong; its `check` turns it into what cannot be, or names *every* member that is
//! wrong. Answers are written straight from the core's views, without a copy in between.

pub(crate) mod as_of;
pub(crate) mod batch;
pub(crate) mod bundle;
pub(crate) mod customer;
pub(crate) mod decode;
pub(crate) mod field_errors;
pub(crate) mod history;
pub(crate) mod history_query;
pub(crate) mod import;
pub(crate) mod int;
pub(crate) mod json_text;
pub(crate) mod lines;
pub(crate) mod location;
pub(crate) mod lot;
pub(crate) mod metadata;
pub(crate) mod money;
pub(crate) mod notes;
pub(crate) mod object;
pub(crate) mod order;
pub(crate) mod page;
pub(crate) mod policy;
pub(crate) mod product;
pub(crate) mod reservation;
pub(crate) mod sale;
pub(crate) mod sources;
pub(crate) mod sourcing;
pub(crate) mod stock;
pub(crate) mod stock_news;
pub(crate) mod terms;
pub(crate) mod text;
pub(crate) mod time;
pub(crate) mod waiting;
