//! The client against servers that hang up, are busy, refuse, or are not there.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// A server that answers one connection after another with these texts, hanging up after each, and gives back
/// the idempotency keys it saw.
async fn server(answers: &'static [&'static str]) -> (String, tokio::task::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let served = tokio::spawn(async move {
        let mut keys = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = Vec::new();
            while !String::from_utf8_lossy(&asked).ends_with("{}") {
                let mut chunk = [0; 1_024];
                let read = stream.read(&mut chunk).await.unwrap();
                asked.extend_from_slice(&chunk[..read]);
            }
            let asked = String::from_utf8(asked).unwrap();
            let key = asked.lines().find_map(|line| line.strip_prefix("idempotency-key: "));
            keys.push(key.unwrap_or_default().to_owned());
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        keys
    });
    (url, served)
}

fn hasty() -> RetryPolicy {
    RetryPolicy {
        total: Duration::from_secs(20),
        pause_first: Duration::from_millis(1),
        pause_max: Duration::from_millis(1),
        ..RetryPolicy::default()
    }
}

#[tokio::test]
async fn a_request_is_repeated_under_its_key_until_it_is_answered() {
    const BUSY: &str = "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    const DONE: &str = "HTTP/1.1 201 Made\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
    let (url, served) = server(&["", BUSY, "HTTP/1.1 201 Made\r\ncontent-length: 2\r\n\r\n", DONE]).await;
    let client = Client::new(&url, 1, hasty()).unwrap();
    let answer = client.post(Kind::Adjust, "/x", "the-key", &wire::Empty {}).await.unwrap();
    assert_eq!((answer.status, answer.attempts), (201, 4));
    assert_eq!(served.await.unwrap(), ["the-key"; 4]);
    assert_eq!(client.attempts(), Attempts { attempts: 4, repeats: 3 });
    assert_eq!(*client.answered().borrow(), 1);
}

#[tokio::test]
async fn a_refusal_is_an_answer_and_is_not_repeated() {
    const NO: &str = "HTTP/1.1 409 No\r\ncontent-length: 29\r\n\r\n{\"code\":\"insufficient_stock\"}";
    let (url, served) = server(&[NO]).await;
    let client = Client::new(&url, 1, hasty()).unwrap();
    let answer = client.post(Kind::Checkout, "/x", "k", &wire::Empty {}).await.unwrap();
    assert_eq!(answer.problem().unwrap().code, "insufficient_stock");
    assert_eq!(served.await.unwrap().len(), 1);
}

#[tokio::test]
async fn patience_ends_and_the_fate_is_unknown() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let retry = RetryPolicy { total: Duration::from_millis(20), ..hasty() };
    let client = Client::new(&format!("http://{nobody}"), 1, retry).unwrap();
    let unanswered = client.post(Kind::Adjust, "/x", "k", &wire::Empty {}).await.unwrap_err();
    assert!(matches!(unanswered, Unanswered::GaveUp { attempts: 2.., .. }), "{unanswered}");
}

#[tokio::test]
async fn closed_doors_hold_back_what_changes_things_and_let_reads_pass() {
    let gate = Gate::default();
    let closed = gate.close_attempts().await;
    assert!(futures::FutureExt::now_or_never(gate.begin_attempt()).is_none());
    drop(closed);
    let passing = gate.begin_request().await;
    assert!(futures::FutureExt::now_or_never(gate.close_requests()).is_none());
    drop(passing);
    let _closed = gate.close_requests().await;
}

#[test]
fn names_are_encoded_as_one_segment() {
    assert_eq!(path_segment("85123A"), "85123A");
    assert_eq!(path_segment("a/b c%ü"), "a%2Fb%20c%25%C3%BC");
}
