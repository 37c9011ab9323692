//! A clock with doors. Every owner asks the time before it does anything with a message, so a test that answers can
//! let one owner wait in front of a message, or make it panic there, while everybody else goes on.
//!
//! An owner is told from the others by the task that asks. [`DoorClock::owner`] learns whose task that is.

use std::collections::{HashMap, HashSet};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};

use holdfast_actors::{Clock, ManualClock, Sleep};
use holdfast_engine::{Millis, Timestamp};
use tokio::sync::oneshot;
use tokio::task::{Id, try_id};

use super::shop::{START, Shop};

/// A clock that a test moves by hand, with doors.
pub struct DoorClock {
    time: ManualClock,
    watched: Mutex<Option<HashSet<Id>>>,
    orders: Mutex<HashMap<Id, Vec<Order>>>,
}

/// What happens to a task that asks the time.
struct Order {
    /// After so many calls more.
    after: u32,
    what: What,
}

enum What {
    Panic,
    Wait { reached: oneshot::Sender<()>, opened: mpsc::Receiver<()> },
}

/// A closed door. Dropping it opens it.
pub struct Door {
    reached: oneshot::Receiver<()>,
    opens: mpsc::Sender<()>,
}

impl Door {
    /// Returns when somebody stands in front of it.
    pub async fn reached(&mut self) {
        super::within("somebody comes to the door", &mut self.reached).await.expect("the door stands");
    }

    pub fn open(self) {
        drop(self.opens);
    }
}

impl DoorClock {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            time: ManualClock::new(START),
            watched: Mutex::new(None),
            orders: Mutex::new(HashMap::new()),
        })
    }

    pub fn advance(&self, span: Millis) {
        self.time.advance(span);
    }

    /// The task of a product's owner, which is woken if it rests. Whoever else is still at work asks the time by chance;
    /// the owner does at every message.
    pub async fn owner(&self, shop: &Shop, sku: &str) -> Id {
        let mut always = self.seen_during_ping(shop, sku).await;
        loop {
            let again = self.seen_during_ping(shop, sku).await;
            always.retain(|task| again.contains(task));
            if always.len() == 1 {
                return always.into_iter().next().unwrap();
            }
        }
    }

    async fn seen_during_ping(&self, shop: &Shop, sku: &str) -> HashSet<Id> {
        *self.watched.lock().unwrap() = Some(HashSet::new());
        shop.ping(sku).await;
        self.watched.lock().unwrap().take().unwrap_or_default()
    }

    /// Closes a door in front of the next message this task takes.
    pub fn stop(&self, task: Id) -> Door {
        let (tell, reached) = oneshot::channel();
        let (opens, opened) = mpsc::channel();
        self.order(task, 0, What::Wait { reached: tell, opened });
        Door { reached, opens }
    }

    /// Makes the task panic when it asks the time next.
    pub fn kill(&self, task: Id) {
        self.kill_later(task, 0);
    }

    /// Makes the task panic when it has asked the time so many times more.
    pub fn kill_later(&self, task: Id, after: u32) {
        self.order(task, after, What::Panic);
    }

    /// Takes back whatever was ordered and has not happened.
    pub fn pardon(&self) {
        self.orders.lock().unwrap().clear();
    }

    fn order(&self, task: Id, after: u32, what: What) {
        self.orders.lock().unwrap().entry(task).or_default().push(Order { after, what });
    }

    /// What happens to this task now.
    fn due(&self, task: Id) -> Option<What> {
        let mut orders = self.orders.lock().unwrap();
        let waiting = orders.get_mut(&task)?;
        let due = waiting.iter().position(|order| order.after == 0);
        for order in waiting.iter_mut() {
            order.after = order.after.saturating_sub(1);
        }
        due.map(|position| waiting.remove(position).what)
    }
}

impl Clock for DoorClock {
    fn now(&self) -> Timestamp {
        if let Some(task) = try_id() {
            if let Some(watched) = self.watched.lock().unwrap().as_mut() {
                watched.insert(task);
            }
            match self.due(task) {
                // A panic like any other, but for the noise.
                Some(What::Panic) => std::panic::resume_unwind(Box::new("told to die")),
                Some(What::Wait { reached, opened }) => {
                    let _ = reached.send(());
                    // Others on this worker go on elsewhere meanwhile. Ends when the door is dropped.
                    tokio::task::block_in_place(|| _ = opened.recv());
                }
                None => {}
            }
        }
        self.time.now()
    }

    fn running(&self) -> Millis {
        self.time.running()
    }

    fn sleep_until(&self, instant: Timestamp) -> Sleep {
        self.time.sleep_until(instant)
    }
}
