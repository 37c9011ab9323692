//! A listener: takes connections, serves them, and comes to an orderly end.
//!
//! axum's own `serve` sets no timer, so hyper's time-outs would be inert, and it takes as many connections as come.
//! Here the head of a request has a time-out, connections have a cap, and a drain has a bound:
//!
//! ```text
//!   serving ──drain──▶ stop accepting ──▶ idle connections close, busy ones finish ──time-out──▶ cut off
//! ```

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::BoxError;
use bytes::Bytes;
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::limits::{ACCEPT_PAUSE, HEADER_BYTES_MAX, HEADER_TIMEOUT};

/// Connections the kernel keeps for us while we are busy: a sale opens with a crowd at the door.
const BACKLOG: u32 = 4096;

/// Hears of connections.
pub(crate) trait ConnectionObserver: Send + Sync + 'static {
    fn opened(&self);
    fn closed(&self);
    fn refused(&self);
    /// What to tell a connection that is one too many: a whole HTTP response.
    fn refusal(&self) -> Vec<u8>;
}

/// A listener at work.
pub(crate) struct Server {
    addr: SocketAddr,
    stop: CancellationToken,
    accepting: JoinHandle<Connections>,
}

/// The connections left when accepting has ended.
struct Connections {
    tasks: JoinSet<()>,
    graceful: GracefulShutdown,
}

/// Binds an address.
pub(crate) fn bind(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = if addr.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A restart must not wait for the last connections of the process before it to be forgotten.
    socket.set_reuseaddr(true)?;
    socket.bind(addr)?;
    socket.listen(BACKLOG)
}

impl Server {
    /// Serves each request that comes in on `listener` with `answer`.
    pub(crate) fn start<F, A, B>(
        listener: TcpListener,
        connections_max: usize,
        observer: Arc<dyn ConnectionObserver>,
        answer: A,
    ) -> io::Result<Self>
    where
        A: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<Response<B>, Infallible>> + Send + 'static,
        B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        let addr = listener.local_addr()?;
        let stop = CancellationToken::new();
        let accept = Accept { listener, slots: Arc::new(Semaphore::new(connections_max)), observer };
        let accepting = tokio::spawn(accept.run(stop.clone(), answer));
        Ok(Self { addr, stop, accepting })
    }

    /// Where it listens.
    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Stops accepting, lets what is under way finish for at most `timeout`, and cuts off the rest. Says how many
    /// connections that were.
    pub(crate) async fn drain(self, timeout: Duration) -> usize {
        self.stop.cancel();
        let Ok(Connections { mut tasks, graceful }) = self.accepting.await else { return 0 };
        // Signals at once, and completes when the last connection has ended.
        if tokio::time::timeout(timeout, graceful.shutdown()).await.is_ok() {
            return 0;
        }
        while tasks.try_join_next().is_some() {}
        let left = tasks.len();
        tasks.shutdown().await;
        left
    }
}

struct Accept {
    listener: TcpListener,
    slots: Arc<Semaphore>,
    observer: Arc<dyn ConnectionObserver>,
}

impl Accept {
    async fn run<F, A, B>(self, stop: CancellationToken, answer: A) -> Connections
    where
        A: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<Response<B>, Infallible>> + Send + 'static,
        B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        let mut tasks = JoinSet::new();
        let graceful = GracefulShutdown::new();
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT).max_header_size(HEADER_BYTES_MAX);
        // Answers are small: copying one behind its head costs less than handing the kernel two pieces.
        http.writev(false);
        loop {
            let stream = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                // Forgets connections that have ended.
                Some(_) = tasks.join_next(), if !tasks.is_empty() => continue,
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => stream,
                    Err(error) => {
                        refused_by_system(&error).await;
                        continue;
                    }
                },
            };
            let Ok(slot) = Arc::clone(&self.slots).try_acquire_owned() else {
                self.observer.refused();
                turn_away(stream, &self.observer.refusal());
                continue;
            };
            // Answers are small and written whole: waiting for more to send with them only delays them.
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "a connection went away before it was served");
                continue;
            }
            let guard = ConnectionGuard::new(slot, Arc::clone(&self.observer));
            let connection = http.serve_connection(TokioIo::new(stream), service_fn(answer.clone()));
            let connection = graceful.watch(connection);
            tasks.spawn(async move {
                if let Err(error) = connection.await {
                    // The client went away, sent nonsense, or was too slow: its own affair.
                    tracing::debug!(%error, "a connection ended early");
                }
                drop(guard);
            });
        }
        Connections { tasks, graceful }
    }
}

/// Counts a connection for as long as it lives.
struct ConnectionGuard {
    observer: Arc<dyn ConnectionObserver>,
    _slot: OwnedSemaphorePermit,
}

impl ConnectionGuard {
    fn new(slot: OwnedSemaphorePermit, observer: Arc<dyn ConnectionObserver>) -> Self {
        observer.opened();
        Self { observer, _slot: slot }
    }
}

impl Drop for ConnectionGuard {
    fn drop(&mut self) {
        self.observer.closed();
    }
}

/// Waits a little after the system refused to hand over a connection; it does so again at once if asked at once.
async fn refused_by_system(error: &io::Error) {
    match error.kind() {
        // The client changed its mind.
        io::ErrorKind::ConnectionAborted
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionRefused => {}
        _ => {
            tracing::warn!(%error, "connections cannot be accepted; is the limit on open files too low?");
            tokio::time::sleep(ACCEPT_PAUSE).await;
        }
    }
}

/// Says that there is no room, as far as that can be said without waiting.
fn turn_away(stream: TcpStream, refusal: &[u8]) {
    use std::io::Write;
    if let Ok(mut stream) = stream.into_std() {
        // The buffer of a fresh connection takes this much; if not, closing says it too.
        drop(stream.write(refusal));
        drop(stream.shutdown(std::net::Shutdown::Write));
    }
}
