//! What the tests of this crate share: a shop over a journal in memory, a clock with doors, a bank that fails at will.
#![allow(dead_code, unreachable_pub, reason = "compiled into each test file, which uses its part of it")]

pub mod ask;
pub mod bank;
pub mod doors;
pub mod journal;
pub mod seeds;
pub mod shop;

use std::future::Future;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

/// Far more than anything here takes: reached only by what would never end.
const FAIL_SAFE: Duration = Duration::from_secs(60);

/// The outcome of something that ends by itself. Nothing is measured: the limit only turns a deadlock into a failure.
pub async fn within<T>(what: &str, work: impl Future<Output = T>) -> T {
    match tokio::time::timeout(FAIL_SAFE, work).await {
        Ok(outcome) => outcome,
        Err(_) => panic!("never ended: {what}"),
    }
}

/// Asks again until the answer is yes.
pub async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let asked = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    within(what, asked).await;
}

/// A request that was begun: what it sends at once is sent, and its answer is not there yet.
pub struct Begun<'a, T>(Pin<Box<dyn Future<Output = T> + Send + 'a>>);

/// Begins a request without waiting for its answer, and asserts that there is none yet.
pub async fn begin<'a, T: std::fmt::Debug>(request: impl Future<Output = T> + Send + 'a) -> Begun<'a, T> {
    let mut begun = Begun(Box::pin(request));
    match futures::poll!(begun.0.as_mut()) {
        Poll::Ready(answer) => panic!("answered at once: {answer:?}"),
        Poll::Pending => begun,
    }
}

impl<T: std::fmt::Debug> Begun<'_, T> {
    /// Asserts that there is no answer yet.
    #[track_caller]
    pub fn assert_unanswered(&mut self) {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        if let Poll::Ready(answer) = self.0.as_mut().poll(&mut context) {
            panic!("answered too early: {answer:?}");
        }
    }

    /// The answer.
    pub async fn answer(self, what: &str) -> T {
        within(what, self.0).await
    }
}
