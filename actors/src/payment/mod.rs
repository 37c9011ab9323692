//! The payment port: what the coordinator needs of a payment provider.
//!
//! A call may come to three ends: it was done, it was refused, or nobody knows. The third is no failure: the money may
//! be set aside. So a call that times out or loses its connection is followed by a question ([`PaymentProvider::query`])
//! under the same key, and only its answer moves the order on. A provider carries out each key at most once.

mod sandbox;

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use holdfast_engine::order::PaymentStep;
use holdfast_engine::{Money, OrderId, SmolStr};

pub use sandbox::Sandbox;

/// A payment call.
#[derive(Debug, Clone)]
pub struct PaymentCall {
    /// Which step of the order.
    pub step: PaymentStep,
    /// The provider's idempotency key: the order, the step, and which try it is.
    pub key: String,
    /// How much.
    pub amount: Money,
    /// The customer's payment method, as a token of the provider.
    pub method: SmolStr,
    /// The provider's reference of what the call is about: the authorisation to capture, the capture to refund.
    pub reference: Option<SmolStr>,
}

impl PaymentCall {
    /// The provider's idempotency key for a try of a step of an order.
    pub(crate) fn key(order: OrderId, step: PaymentStep, attempt: u32) -> String {
        let step = match step {
            PaymentStep::Authorise => "authorise".to_owned(),
            PaymentStep::Capture => "capture".to_owned(),
            PaymentStep::Void => "void".to_owned(),
            PaymentStep::Refund(number) => format!("refund-{number}"),
        };
        format!("{:032x}-{step}-{attempt}", { order.0 })
    }
}

/// What became of a payment call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentAnswer {
    /// Done; the provider's reference.
    Approved(SmolStr),
    /// Refused for good; why, fit for a customer.
    Declined(SmolStr),
    /// The provider failed and certainly did nothing; another try may go through.
    Failed(SmolStr),
    /// The connection was lost: nobody knows.
    Lost,
}

/// What the provider says about an earlier call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentFate {
    /// It was done; the provider's reference.
    Approved(SmolStr),
    /// It was refused; why.
    Declined(SmolStr),
    /// The provider never heard of it: it may be made again under the same key.
    NotFound,
    /// The provider cannot tell yet.
    Pending,
}

/// An answer that comes later.
pub type Later<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A payment provider.
pub trait PaymentProvider: Send + Sync + 'static {
    /// Whether it knows this method, by its form.
    fn accepts(&self, method: &str) -> bool;

    /// Makes a call. The caller bounds its time; a call that is dropped may still be carried out.
    fn call(&self, call: PaymentCall) -> Later<PaymentAnswer>;

    /// Asks what became of the call with this key.
    fn query(&self, key: String) -> Later<PaymentFate>;
}

/// The payment providers, by name.
#[derive(Clone, Default)]
pub struct Payments {
    providers: HashMap<SmolStr, Arc<dyn PaymentProvider>>,
}

impl Payments {
    /// The sandbox alone.
    pub fn sandbox() -> Self {
        Self::default().with("sandbox", Arc::new(Sandbox::default()))
    }

    /// These and one more.
    #[must_use]
    pub fn with(mut self, name: &str, provider: Arc<dyn PaymentProvider>) -> Self {
        self.providers.insert(SmolStr::new(name), provider);
        self
    }

    /// Whether this provider is there and knows this method.
    pub fn accepts(&self, provider: &str, method: &str) -> bool {
        self.providers.get(provider).is_some_and(|provider| provider.accepts(method))
    }

    pub(crate) fn get(&self, provider: &str) -> Option<Arc<dyn PaymentProvider>> {
        self.providers.get(provider).map(Arc::clone)
    }
}
