use std::time::Instant;
use holdfast_persistence::*;
use holdfast_engine::*;
struct A; impl Ack for A { fn durable(self,_:Sequence){} fn failed(self){} }
fn main() {
    let path = std::env::args().nth(1).unwrap();
    let t = Instant::now();
    let mut n = 0;
    let o: Opened<A> = Journal::open(path.as_ref(), &Options::default(), Hooks{observer: Box::new(|_: &SyncedGroup|{}), on_failure: Box::new(|e| panic!("{e}"))}, &mut |_,_| {n+=1; Ok(())}).unwrap();
    println!("open {:?} events {n} sealed {} frames {}", t.elapsed(), o.sealed, o.tail.frames);
    let t = Instant::now();
    if std::env::args().nth(2).is_some() { println!("{:?}", o.journal.close()); } else { drop(o); }
    println!("closed {:?}", t.elapsed());
}
