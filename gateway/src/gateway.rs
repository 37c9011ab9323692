//! Both listeners over one core, from start to drain.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use holdfast_actors::Core;
use hyper::header::HeaderMap;

use crate::admin::AdminEdge;
use crate::app::{App, Streams};
use crate::edge::Edge;
use crate::limits::{
    ADMIN_CONNECTIONS_MAX, CONNECTIONS_MAX, REQUEST_TIMEOUT, SHUTDOWN_TIMEOUT, STREAM_KEEP_ALIVE, STREAMS_MAX,
};
use crate::metrics::Metrics;
use crate::problem::{Code, Problem};
use crate::server::{ConnectionObserver, Server, bind};

/// How to serve.
#[derive(Debug, Clone)]
pub struct GatewayOptions {
    /// Where storefronts come in; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where operators come in; port 0 takes a free one.
    pub admin_listen: SocketAddr,
    /// Whether the admin listener may be reached from other machines. It knows no passwords.
    pub admin_allow_remote: bool,
    /// Most connections at once; more are turned away.
    pub connections_max: usize,
    /// How long a request may take. Of a stream, until it begins.
    pub request_timeout: Duration,
    /// Most streams of live stock that are open at once; more are refused.
    pub streams_max: usize,
    /// How long a stream is silent before it sends a comment, so that nobody on the way takes it for dead.
    pub stream_keep_alive: Duration,
    /// How long [`Gateway::drain`] waits for requests under way.
    pub shutdown_timeout: Duration,
}

impl Default for GatewayOptions {
    fn default() -> Self {
        let local = |port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
        Self {
            listen: local(8080),
            admin_listen: local(9090),
            admin_allow_remote: false,
            connections_max: CONNECTIONS_MAX,
            request_timeout: REQUEST_TIMEOUT,
            streams_max: STREAMS_MAX,
            stream_keep_alive: STREAM_KEEP_ALIVE,
            shutdown_timeout: SHUTDOWN_TIMEOUT,
        }
    }
}

/// Why a gateway did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// An address could not be had.
    #[error("cannot listen on {addr}: {source}; name another address, or stop whoever uses it")]
    Bind {
        /// The address.
        addr: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The admin listener would be open to the world.
    #[error(
        "the admin listener knows no passwords and {addr} can be reached from other machines: name a loopback address, or allow it with --admin-allow-remote"
    )]
    AdminExposed {
        /// The address asked for.
        addr: SocketAddr,
    },
}

/// Two listeners at work.
pub struct Gateway {
    app: Arc<App>,
    public: Server,
    admin: Server,
    shutdown_timeout: Duration,
}

/// Starts serving. The core stays the caller's: it is to be shut down after [`Gateway::drain`].
///
/// # Errors
/// If an address cannot be had, or the admin listener would be open to the world.
pub async fn serve(
    options: GatewayOptions,
    core: Core,
    metrics: Arc<Metrics>,
) -> Result<Gateway, ServeError> {
    let GatewayOptions { listen, admin_listen, .. } = options;
    if !options.admin_allow_remote && !admin_listen.ip().is_loopback() {
        return Err(ServeError::AdminExposed { addr: admin_listen });
    }
    let public = bind(listen).map_err(|source| ServeError::Bind { addr: listen, source })?;
    let admin = bind(admin_listen).map_err(|source| ServeError::Bind { addr: admin_listen, source })?;
    metrics.watch(core.clone());
    let streams = Streams::new(options.streams_max, options.stream_keep_alive);
    let app = Arc::new(App::new(core, streams));
    let edge = Arc::new(Edge::new(Arc::clone(&app), Arc::clone(&metrics), options.request_timeout));
    let door = Arc::new(PublicDoor { app: Arc::clone(&app), metrics: Arc::clone(&metrics) });
    let public = Server::start(public, options.connections_max, door, move |request| {
        Arc::clone(&edge).answer(request)
    })
    .map_err(|source| ServeError::Bind { addr: listen, source })?;
    let admin_edge = AdminEdge::new(Arc::clone(&app), metrics);
    let door = Arc::new(AdminDoor { app: Arc::clone(&app) });
    let admin =
        Server::start(admin, ADMIN_CONNECTIONS_MAX, door, move |request| admin_edge.clone().answer(request))
            .map_err(|source| ServeError::Bind { addr: admin_listen, source })?;
    Ok(Gateway { app, public, admin, shutdown_timeout: options.shutdown_timeout })
}

impl Gateway {
    /// Where storefronts come in.
    pub fn listen_addr(&self) -> SocketAddr {
        self.public.addr()
    }

    /// Where operators come in.
    pub fn admin_addr(&self) -> SocketAddr {
        self.admin.addr()
    }

    /// Whether new traffic is welcome.
    pub fn is_ready(&self) -> bool {
        self.app.is_ready()
    }

    /// Says "not ready", stops accepting, and lets requests under way finish for at most the shutdown time-out.
    /// Answers how many connections were cut off.
    pub async fn drain(self) -> usize {
        self.app.start_draining();
        let left = self.public.drain(self.shutdown_timeout).await;
        // Last, so that a drain can be watched; whoever is still asking has been answered.
        self.admin.drain(Duration::ZERO).await;
        left
    }
}

/// Watches the public listener's connections.
struct PublicDoor {
    app: Arc<App>,
    metrics: Arc<Metrics>,
}

impl ConnectionObserver for PublicDoor {
    fn opened(&self) {
        self.metrics.connection_opened();
    }

    fn closed(&self) {
        self.metrics.connection_closed();
    }

    fn refused(&self) {
        self.metrics.connection_refused();
    }

    fn refusal(&self) -> Vec<u8> {
        refusal(&self.app)
    }
}

/// The admin listener's connections are few and not counted.
struct AdminDoor {
    app: Arc<App>,
}

impl ConnectionObserver for AdminDoor {
    fn opened(&self) {}

    fn closed(&self) {}

    fn refused(&self) {}

    fn refusal(&self) -> Vec<u8> {
        refusal(&self.app)
    }
}

/// The whole answer to a connection that is one too many; there is no HTTP machinery behind it.
fn refusal(app: &App) -> Vec<u8> {
    let id = app.request_ids.name(&HeaderMap::new());
    let problem = Problem::new(Code::Overloaded, "too many connections are open; try again in a moment");
    let body = serde_json::to_string(&problem.body(id.to_str().unwrap_or_default())).unwrap_or_default();
    let head = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: {}\r\ncontent-length: {}\r\nretry-after: 1\r\nconnection: close\r\n\r\n",
        crate::problem::PROBLEM_JSON,
        body.len()
    );
    let mut response = Vec::from(head);
    response.extend_from_slice(body.as_bytes());
    response
}
