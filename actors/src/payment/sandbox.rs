//! A payment provider that is not one: the payment method says how its calls end.
//!
//! | method | what happens |
//! |---|---|
//! | `approve` | everything is done at once |
//! | `decline` | the authorisation is refused |
//! | `late` | the authorisation is done, and says so after 300 ms |
//! | `timeout` | the authorisation is done, but its answer never comes; a question finds it done |
//! | `fail` | the provider fails before it does anything, every time |
//! | `capture_decline` | the authorisation is done, the capture refused |
//! | `refund_decline` | everything is done at once, but the first try of each refund is refused |
//!
//! It moves no money and remembers only calls whose answer never came. A restart forgets those; they are then made
//! again under the same key, as with a provider that never heard of them.

use std::collections::HashMap;
use std::future::{pending, ready};
use std::sync::Arc;
use std::time::Duration;

use holdfast_engine::SmolStr;
use holdfast_engine::order::PaymentStep;
use parking_lot::Mutex;

use super::{Later, PaymentAnswer, PaymentCall, PaymentFate, PaymentProvider};

/// How long `late` takes.
const LATE: Duration = Duration::from_millis(300);

const METHODS: [&str; 7] =
    ["approve", "decline", "late", "timeout", "fail", "capture_decline", "refund_decline"];

/// The sandbox.
#[derive(Debug, Default, Clone)]
pub struct Sandbox {
    unanswered: Arc<Mutex<HashMap<String, SmolStr>>>,
}

impl PaymentProvider for Sandbox {
    fn accepts(&self, method: &str) -> bool {
        METHODS.contains(&method)
    }

    fn call(&self, call: PaymentCall) -> Later<PaymentAnswer> {
        let reference = SmolStr::new(format!("sandbox-{}", call.key));
        match (call.step, call.method.as_str()) {
            (PaymentStep::Authorise, "decline") => {
                Box::pin(ready(PaymentAnswer::Declined(SmolStr::new_static("the card was declined"))))
            }
            (PaymentStep::Authorise, "fail") => {
                Box::pin(ready(PaymentAnswer::Failed(SmolStr::new_static("the provider is not available"))))
            }
            (PaymentStep::Authorise, "late") => Box::pin(async move {
                tokio::time::sleep(LATE).await;
                PaymentAnswer::Approved(reference)
            }),
            (PaymentStep::Authorise, "timeout") => {
                self.unanswered.lock().insert(call.key, reference);
                Box::pin(pending())
            }
            (PaymentStep::Capture, "capture_decline") => {
                Box::pin(ready(PaymentAnswer::Declined(SmolStr::new_static("the card's limit is used up"))))
            }
            (PaymentStep::Refund(_), "refund_decline") if call.key.ends_with("-1") => Box::pin(ready(
                PaymentAnswer::Declined(SmolStr::new_static("the card is not valid any more")),
            )),
            _ => Box::pin(ready(PaymentAnswer::Approved(reference))),
        }
    }

    fn query(&self, key: String) -> Later<PaymentFate> {
        let fate = match self.unanswered.lock().remove(&key) {
            Some(reference) => PaymentFate::Approved(reference),
            None => PaymentFate::NotFound,
        };
        Box::pin(ready(fate))
    }
}
