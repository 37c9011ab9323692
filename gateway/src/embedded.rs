//! A whole node inside another program: for load tests, benches and tests of storefronts.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use holdfast_actors::{Clock, Core, CoreConfig, Fatal, Payments, SystemClock};
use holdfast_persistence::{CloseError, OpenError};

use crate::gateway::{Gateway, GatewayOptions, ServeError, serve};
use crate::metrics::Metrics;

/// How an embedded node behaves. The default takes free ports on loopback.
#[derive(Clone)]
pub struct EmbeddedOptions {
    /// How it serves.
    pub gateway: GatewayOptions,
    /// How the core behaves.
    pub core: CoreConfig,
    /// Where its time comes from.
    pub clock: Arc<dyn Clock>,
    /// The payment providers there are.
    pub payments: Payments,
}

impl Default for EmbeddedOptions {
    fn default() -> Self {
        let free = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
        Self {
            gateway: GatewayOptions { listen: free, admin_listen: free, ..GatewayOptions::default() },
            core: CoreConfig::default(),
            clock: Arc::new(SystemClock::default()),
            payments: Payments::sandbox(),
        }
    }
}

/// A node at work in this process. Dropping it without [`Embedded::stop`] leaves it as a crash would.
pub struct Embedded {
    /// Where storefronts come in, `http://127.0.0.1:…`.
    pub url: String,
    /// Where operators come in.
    pub admin_url: String,
    /// The core behind it.
    pub core: Core,
    /// What can be watched.
    pub metrics: Arc<Metrics>,
    gateway: Gateway,
}

/// Why an embedded node did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmbeddedError {
    /// The data directory.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The listeners.
    #[error(transparent)]
    Serve(#[from] ServeError),
}

/// Starts a node on a data directory, which is made if it is not there.
///
/// ```
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let dir = tempfile::tempdir()?;
/// let node = holdfast_gateway::embedded(dir.path(), holdfast_gateway::EmbeddedOptions::default()).await?;
/// let answer = reqwest::get(format!("{}/readyz", node.admin_url)).await?;
/// assert_eq!(answer.status(), 200);
/// node.stop().await?;
/// # Ok(())
/// # }
/// # tokio::runtime::Runtime::new().unwrap().block_on(example()).unwrap();
/// ```
///
/// # Errors
/// If the directory cannot be opened, or an address cannot be had.
pub async fn embedded(data_dir: &Path, options: EmbeddedOptions) -> Result<Embedded, EmbeddedError> {
    let EmbeddedOptions { gateway, core, clock, payments } = options;
    let metrics = Arc::new(Metrics::new());
    let on_fatal = Box::new(|why: Fatal| tracing::error!(%why, "the core has failed"));
    let core = Core::open(data_dir, core, clock, payments, Some(metrics.group_observer()), on_fatal).await?;
    let gateway = serve(gateway, core.clone(), Arc::clone(&metrics)).await?;
    Ok(Embedded {
        url: format!("http://{}", gateway.listen_addr()),
        admin_url: format!("http://{}", gateway.admin_addr()),
        core,
        metrics,
        gateway,
    })
}

impl Embedded {
    /// Drains, then seals the journal.
    ///
    /// # Errors
    /// If what was acknowledged could not be sealed; it is durable all the same.
    pub async fn stop(self) -> Result<(), CloseError> {
        self.gateway.drain().await;
        self.core.shutdown().await
    }
}
