//! Batches that are all or nothing: reservations that are made together.
//!
//! Only these can be. Reservations are claims that stand for nothing before the record that makes them, so many can be
//! claimed and then made at once, and a crash in between gives all of them back. Everything else is decided for good at
//! the moment it is decided, by an owner of its own, and could not be taken back without others having seen it.

use holdfast_actors::{Failure, Reserve};
use holdfast_engine::product::TimeInForce;
use holdfast_engine::reservation::LINES_MAX;
use hyper::Method;

use super::one::{Outcome, key_of};
use crate::app::App;
use crate::idempotency::{Key, fingerprint};
use crate::problem::{Code, FieldError, Problem, in_path};
use crate::routes::reservations;
use crate::wire::batch::{BatchItem, Work};
use crate::wire::reservation::ReserveRequest;

/// Makes all of them or none.
pub(super) async fn run(
    app: &App,
    batch: &Key,
    items: Vec<Result<BatchItem<'_>, Problem>>,
) -> Result<Vec<Outcome>, Problem> {
    let (mut checked, mut requests, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    for (position, item) in items.into_iter().enumerate() {
        match item.and_then(|item| read(app, batch, position, item)) {
            Ok((reserve, request)) => {
                checked.push(reserve);
                requests.push(request);
            }
            Err(problem) => {
                let problem = within(problem, position);
                if problem.code() != Code::ValidationFailed {
                    return Err(problem);
                }
                errors.extend_from_slice(problem.errors());
            }
        }
    }
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    let lines: usize = checked.iter().map(|reserve| reserve.lines.len()).sum();
    if lines > LINES_MAX {
        return Err(Problem::invalid(vec![FieldError {
            pointer: "/operations".to_owned(),
            code: "too_many",
            detail: format!("must have at most {LINES_MAX} lines over all to be atomic, has {lines}").into(),
        }]));
    }
    match app.core.reserve_together(checked).await {
        Ok(made) => made.iter().map(|made| Ok(Outcome::done(&reservations::made_body(made)?))).collect(),
        Err((position, failure @ Failure::Rejected(_))) => match requests.get(position) {
            Some(request) => Err(within(reservations::not_made(failure, request), position)),
            None => Err(in_path(failure)),
        },
        // About none of them more than about the others.
        Err((_, failure @ Failure::Unavailable(_))) => Err(in_path(failure)),
    }
}

fn within(problem: Problem, position: usize) -> Problem {
    problem.within(&format!("/operations/{position}")).with("operation", position)
}

fn read<'a>(
    app: &App,
    batch: &Key,
    position: usize,
    item: BatchItem<'a>,
) -> Result<(Reserve, ReserveRequest<'a>), Problem> {
    let key = key_of(batch, position, &item);
    let op = item.work.op();
    let Work::Reserve(request) = item.work else {
        let detail = format!("{op} cannot be atomic, only reserve can; send it in a batch that is not");
        return Err(Problem::new(Code::AtomicUnsupported, detail).at("/op"));
    };
    let id = key.reservation(&app.secret, &Method::POST, reservations::PATH);
    let reserve = request.check(id, fingerprint(&request))?;
    if reserve.terms.time_in_force == Some(TimeInForce::ImmediateOrCancel) {
        let detail = "a reservation that takes what there is cannot be one of all or none";
        return Err(Problem::new(Code::AtomicUnsupported, detail).at("/time_in_force"));
    }
    Ok((reserve, request))
}
