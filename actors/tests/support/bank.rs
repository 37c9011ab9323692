//! A payment provider that keeps books and fails as it is told.
//!
//! Each key is carried out at most once and answered alike ever after, as with real providers. The books say what was
//! set aside, taken and paid back for each order; whatever no honest shop would ask (take twice, take what was let go of,
//! pay back more than was taken, use a key for something else) is written down as a fault.

use std::collections::VecDeque;
use std::future::{pending, ready};
use std::sync::{Arc, Mutex};

use holdfast_actors::{
    Later, OrderView, PaymentAnswer, PaymentCall, PaymentFate, PaymentProvider, Payments, RefundStatus,
};
use holdfast_engine::SmolStr;
use holdfast_engine::order::{OrderStatus, PaymentStep};
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tokio::sync::watch;

/// The name it goes by.
pub const BANK: &str = "bank";

/// The reason of refunds that no cancelled or returned unit is owed.
pub const GOODWILL: SmolStr = SmolStr::new_static("goodwill");

/// How a call ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Done, and said so.
    Approve,
    /// Refused, and said so.
    Decline,
    /// Not done, and said so: another try may go through.
    Fail,
    /// Done, but the answer is lost.
    LoseAfter,
    /// Refused, but the answer is lost.
    LoseRefusal,
    /// Lost on the way there.
    LoseBefore,
    /// Lost, then not heard of when asked, then done after all.
    LoseAndCarryOutLate,
    /// Done, and no answer ever.
    HangAfter,
    /// Not done, and no answer ever.
    HangBefore,
    /// Done, then it panics.
    PanicAfter,
    /// It panics.
    PanicBefore,
    /// Done, and said so when [`Bank::let_go`] was called.
    Wait,
    /// Refused, and said so when [`Bank::let_go`] was called.
    WaitAndDecline,
    /// Not done, and said so when [`Bank::let_go`] was called.
    WaitAndFail,
}

/// How a question ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// It cannot tell yet.
    Pending,
    /// No answer ever.
    Hang,
    /// It panics.
    Panic,
}

/// A call that was carried out.
#[derive(Debug, Clone)]
struct Entry {
    call: PaymentCall,
    fate: PaymentFate,
}

/// What became of an order's money, in minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Account {
    /// Set aside and neither taken nor let go of.
    pub set_aside: i64,
    pub taken: i64,
    pub paid_back: i64,
}

#[derive(Default)]
struct Books {
    entries: Vec<Entry>,
    acts: Vec<(&'static str, VecDeque<Act>)>,
    doubts: VecDeque<Doubt>,
    /// Calls to be carried out once they were asked about.
    late: Vec<PaymentCall>,
    /// Calls and questions in the order they came.
    log: Vec<(Contact, String)>,
    faults: Vec<String>,
    /// Where acts and doubts come from that nobody wrote down.
    moods: Option<ChaCha8Rng>,
}

/// What somebody wants of the bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contact {
    Call,
    Question,
}

/// The provider. Clones share the books.
#[derive(Clone)]
pub struct Bank {
    books: Arc<Mutex<Books>>,
    open: Arc<watch::Sender<bool>>,
    /// What becomes of calls without an act.
    otherwise: Act,
}

impl Bank {
    /// A bank that approves of everything.
    pub fn new() -> Self {
        Self { books: Arc::default(), open: Arc::new(watch::Sender::new(false)), otherwise: Act::Approve }
    }

    /// What it does with the next calls of a kind: "authorise", "capture", "void" or "refund". After those it does with
    /// each what it does otherwise.
    pub fn script(self, kind: &'static str, acts: impl IntoIterator<Item = Act>) -> Self {
        self.books.lock().unwrap().acts.push((kind, acts.into_iter().collect()));
        self
    }

    /// What it answers to the next questions.
    pub fn doubt(self, doubts: impl IntoIterator<Item = Doubt>) -> Self {
        self.books.lock().unwrap().doubts.extend(doubts);
        self
    }

    /// It fails in every way there is, now and then.
    pub fn moody(self, seed: u64) -> Self {
        self.books.lock().unwrap().moods = Some(ChaCha8Rng::seed_from_u64(seed));
        self
    }

    /// No more surprises from now on.
    pub fn calm(&self) {
        let mut books = self.books.lock().unwrap();
        books.moods = None;
        books.acts.clear();
        books.doubts.clear();
    }

    pub fn otherwise(self, act: Act) -> Self {
        Self { otherwise: act, ..self }
    }

    /// The only payment provider of a shop.
    pub fn payments(&self) -> Payments {
        Payments::default().with(BANK, Arc::new(self.clone()))
    }

    /// Ends every [`Act::Wait`].
    pub fn let_go(&self) {
        self.open.send_replace(true);
    }

    /// A bank with a part of the books and no more surprises.
    pub fn with_entries(&self, keep: impl Fn(&str) -> bool) -> Self {
        let kept = Self::new();
        let entries = self.books.lock().unwrap().entries.clone();
        kept.books.lock().unwrap().entries =
            entries.into_iter().filter(|entry| keep(&entry.call.key)).collect();
        kept
    }

    /// Keys of the calls that were carried out, in order.
    pub fn carried_out(&self) -> Vec<String> {
        self.books.lock().unwrap().entries.iter().map(|entry| entry.call.key.clone()).collect()
    }

    /// All calls and questions in the order they came, with their keys.
    pub fn log(&self) -> Vec<(Contact, String)> {
        self.books.lock().unwrap().log.clone()
    }

    /// Keys of all calls that came, in order.
    pub fn calls(&self) -> Vec<String> {
        let calls = self.log().into_iter().filter(|(contact, _)| *contact == Contact::Call);
        calls.map(|(_, key)| key).collect()
    }

    pub fn account(&self, order: u128) -> Account {
        self.books.lock().unwrap().account(order)
    }

    /// Checks that the books agree with what an order at rest says.
    #[track_caller]
    pub fn assert_agrees(&self, view: &OrderView) {
        let books = self.books.lock().unwrap();
        assert_eq!(books.faults, Vec::<String>::new());
        let total = view.total.minor();
        // What is granted comes on top of what units owe.
        let owed = view.refunds.iter().filter(|refund| refund.reason != GOODWILL);
        let owed: i64 = owed.map(|refund| refund.amount.minor()).sum();
        let done = view.refunds.iter().filter(|refund| refund.status == RefundStatus::Done);
        let paid_back: i64 = done.map(|refund| refund.amount.minor()).sum();
        // Prices are whole minor units here, so each unit's share is the same.
        let shares = view.lines.iter().map(|line| {
            let given_up = i64::try_from(line.cancelled.units() + line.returned.units()).unwrap();
            line.total.minor() * given_up / i64::from(line.quantity.units())
        });
        let (taken, owes) = match view.status {
            OrderStatus::PaymentFailed => (0, 0),
            OrderStatus::Confirmed
            | OrderStatus::PartiallyShipped
            | OrderStatus::Shipped
            | OrderStatus::Cancelled
            | OrderStatus::PartiallyReturned
            | OrderStatus::Returned => (total, shares.sum()),
            OrderStatus::PaymentPending | OrderStatus::PaymentUnknown => panic!("not at rest: {view:?}"),
        };
        assert_eq!(owed, owes, "{view:?}");
        assert_eq!(books.account(view.id.0), Account { set_aside: 0, taken, paid_back }, "{view:?}");
    }
}

impl Books {
    fn account(&self, order: u128) -> Account {
        let prefix = format!("{order:032x}-");
        let mut account = Account::default();
        for entry in self.entries.iter().filter(|entry| entry.call.key.starts_with(&prefix)) {
            if let PaymentFate::Approved(_) = entry.fate {
                let amount = entry.call.amount.minor();
                match entry.call.step {
                    PaymentStep::Authorise => account.set_aside += amount,
                    PaymentStep::Capture => {
                        account.set_aside -= amount;
                        account.taken += amount;
                    }
                    PaymentStep::Void => account.set_aside -= amount,
                    PaymentStep::Refund(_) => account.paid_back += amount,
                }
            } else if entry.call.step == PaymentStep::Void {
                // There is nothing to let go of any more: it has lapsed.
                account.set_aside -= entry.call.amount.minor();
            }
        }
        account
    }

    /// Carries a call out, unless its key was used before. Answers what became of it.
    fn carry_out(&mut self, call: &PaymentCall, approve: bool) -> PaymentFate {
        if let Some(before) = self.entries.iter().find(|entry| entry.call.key == call.key) {
            let same = before.call.step == call.step
                && before.call.amount == call.amount
                && before.call.method == call.method
                && before.call.reference == call.reference;
            if !same {
                self.faults.push(format!("one key, two calls: {:?} and {call:?}", before.call));
            }
            return before.fate.clone();
        }
        let fate = if approve {
            self.check(call);
            PaymentFate::Approved(SmolStr::new(format!("ref-{}", call.key)))
        } else {
            PaymentFate::Declined(SmolStr::new_static("declined by the bank"))
        };
        self.entries.push(Entry { call: call.clone(), fate: fate.clone() });
        fate
    }

    /// Writes down what is wrong with a call that is about to be carried out.
    fn check(&mut self, call: &PaymentCall) {
        let order = u128::from_str_radix(call.key.split('-').next().unwrap_or_default(), 16).unwrap();
        let account = self.account(order);
        let amount = call.amount.minor();
        let about = self.entries.iter().find(|entry| match (&entry.fate, &call.reference) {
            (PaymentFate::Approved(reference), Some(asked)) => reference == asked,
            _ => false,
        });
        let about = about.map(|entry| entry.call.step);
        let sound = match call.step {
            PaymentStep::Authorise => call.reference.is_none() && account == Account::default(),
            PaymentStep::Capture | PaymentStep::Void => {
                about == Some(PaymentStep::Authorise) && account.set_aside == amount && account.taken == 0
            }
            PaymentStep::Refund(_) => {
                about == Some(PaymentStep::Capture) && account.paid_back + amount <= account.taken
            }
        };
        if !sound || amount <= 0 {
            self.faults.push(format!("{call:?} with {account:?}"));
        }
    }

    fn next_act(&mut self, step: PaymentStep) -> Option<Act> {
        if let Some(moods) = &mut self.moods
            && moods.random_bool(0.4)
        {
            return MOODS.choose(moods).copied();
        }
        let kind = match step {
            PaymentStep::Authorise => "authorise",
            PaymentStep::Capture => "capture",
            PaymentStep::Void => "void",
            PaymentStep::Refund(_) => "refund",
        };
        self.acts.iter_mut().find(|(scripted, _)| *scripted == kind)?.1.pop_front()
    }
}

/// What a moody bank does when it does not approve. Hanging is rare, as it takes real time.
const MOODS: [Act; 15] = [
    Act::Decline,
    Act::Fail,
    Act::Fail,
    Act::Fail,
    Act::LoseAfter,
    Act::LoseAfter,
    Act::LoseAfter,
    Act::LoseRefusal,
    Act::LoseBefore,
    Act::LoseBefore,
    Act::LoseAndCarryOutLate,
    Act::LoseAndCarryOutLate,
    Act::HangAfter,
    Act::HangBefore,
    Act::PanicAfter,
];

fn answer(fate: PaymentFate) -> PaymentAnswer {
    match fate {
        PaymentFate::Approved(reference) => PaymentAnswer::Approved(reference),
        PaymentFate::Declined(reason) => PaymentAnswer::Declined(reason),
        PaymentFate::NotFound | PaymentFate::Pending => PaymentAnswer::Lost,
    }
}

impl PaymentProvider for Bank {
    fn accepts(&self, _: &str) -> bool {
        true
    }

    fn call(&self, call: PaymentCall) -> Later<PaymentAnswer> {
        let mut books = self.books.lock().unwrap();
        books.log.push((Contact::Call, call.key.clone()));
        // A key that was used is answered at once: nothing is left to fail.
        let act = match books.entries.iter().any(|entry| entry.call.key == call.key) {
            true => Act::Approve,
            false => books.next_act(call.step).unwrap_or(self.otherwise),
        };
        match act {
            Act::Approve => Box::pin(ready(answer(books.carry_out(&call, true)))),
            Act::Decline => Box::pin(ready(answer(books.carry_out(&call, false)))),
            Act::Fail => Box::pin(ready(PaymentAnswer::Failed(SmolStr::new_static("out of order")))),
            Act::LoseAfter | Act::LoseRefusal => {
                books.carry_out(&call, act == Act::LoseAfter);
                Box::pin(ready(PaymentAnswer::Lost))
            }
            Act::LoseBefore => Box::pin(ready(PaymentAnswer::Lost)),
            Act::LoseAndCarryOutLate => {
                books.late.push(call);
                Box::pin(ready(PaymentAnswer::Lost))
            }
            Act::HangAfter => {
                books.carry_out(&call, true);
                Box::pin(pending())
            }
            Act::HangBefore => Box::pin(pending()),
            Act::PanicAfter => {
                books.carry_out(&call, true);
                drop(books);
                panic!("the bank broke down after it was done")
            }
            Act::PanicBefore => {
                drop(books);
                panic!("the bank broke down")
            }
            Act::WaitAndFail => {
                let mut open = self.open.subscribe();
                Box::pin(async move {
                    drop(open.wait_for(|open| *open).await);
                    PaymentAnswer::Failed(SmolStr::new_static("out of order"))
                })
            }
            Act::Wait | Act::WaitAndDecline => {
                let fate = books.carry_out(&call, act == Act::Wait);
                let mut open = self.open.subscribe();
                Box::pin(async move {
                    drop(open.wait_for(|open| *open).await);
                    answer(fate)
                })
            }
        }
    }

    fn query(&self, key: String) -> Later<PaymentFate> {
        let mut books = self.books.lock().unwrap();
        books.log.push((Contact::Question, key.clone()));
        let unsure = books.moods.as_mut().is_some_and(|moods| moods.random_bool(0.3));
        match books.doubts.pop_front().or(unsure.then_some(Doubt::Pending)) {
            Some(Doubt::Pending) => return Box::pin(ready(PaymentFate::Pending)),
            Some(Doubt::Hang) => return Box::pin(pending()),
            Some(Doubt::Panic) => {
                drop(books);
                panic!("the bank cannot say")
            }
            None => {}
        }
        let known = books.entries.iter().find(|entry| entry.call.key == key).map(|entry| entry.fate.clone());
        if let Some(position) = books.late.iter().position(|call| call.key == key) {
            let call = books.late.remove(position);
            books.carry_out(&call, true);
        }
        Box::pin(ready(known.unwrap_or(PaymentFate::NotFound)))
    }
}
