//! The server a run speaks to: one that is there already, one in this process, or a child process.

mod child;

use std::path::PathBuf;

use tempfile::TempDir;

pub use self::child::{Child, ChildError, free_addresses};

/// Which server to use.
#[derive(Debug, Clone)]
pub enum ServerChoice {
    /// The one at this address. It must have no stock promised of the products of the run.
    Url(String),
    /// One in this process.
    Embedded {
        /// Where it keeps its data; a fresh temporary directory if not given.
        data_dir: Option<PathBuf>,
    },
    /// This program as a child process.
    Binary {
        /// The program.
        program: PathBuf,
        /// Where it keeps its data; a fresh temporary directory if not given.
        data_dir: Option<PathBuf>,
    },
}

impl ServerChoice {
    /// What it is, for the report.
    pub fn words(&self) -> String {
        match self {
            Self::Url(url) => format!("server at {url}"),
            Self::Embedded { .. } => "server in this process, over HTTP on the loopback".to_owned(),
            Self::Binary { program, .. } => {
                format!("child process {}, over HTTP on the loopback", program.display())
            }
        }
    }
}

/// A server that could not be started or stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// No directory for its data.
    #[error("cannot make a directory for the data of the server")]
    DataDir(#[source] std::io::Error),
    /// The one in this process did not start.
    #[error("the server in this process did not start")]
    Embedded(#[from] holdfast_gateway::EmbeddedError),
    /// The one in this process did not stop in order.
    #[error("the server in this process did not stop in order")]
    Close(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The child process.
    #[error("the server process failed")]
    Child(#[from] ChildError),
}

/// A server to speak to.
pub struct Server {
    url: String,
    running: Running,
    /// Removed when the server has been stopped.
    _scratch: Option<TempDir>,
}

enum Running {
    Elsewhere,
    Embedded(holdfast_gateway::Embedded),
    Child(Child),
}

impl Server {
    /// Starts it, or takes the one that is there.
    ///
    /// # Errors
    /// If it does not come up.
    pub async fn start(choice: &ServerChoice) -> Result<Self, ServerError> {
        match choice {
            ServerChoice::Url(url) => {
                Ok(Self { url: url.clone(), running: Running::Elsewhere, _scratch: None })
            }
            ServerChoice::Embedded { data_dir } => {
                let (data_dir, scratch) = place(data_dir.as_ref())?;
                let options = holdfast_gateway::EmbeddedOptions::default();
                let server = holdfast_gateway::embedded(&data_dir, options).await?;
                Ok(Self { url: server.url.clone(), running: Running::Embedded(server), _scratch: scratch })
            }
            ServerChoice::Binary { program, data_dir } => {
                let (data_dir, scratch) = place(data_dir.as_ref())?;
                let [listen, admin] = free_addresses().map_err(ChildError::Port)?;
                let mut child = Child::spawn(program, &data_dir, listen, admin, None)?;
                child.wait_until_ready().await?;
                Ok(Self { url: child.url(), running: Running::Child(child), _scratch: scratch })
            }
        }
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Stops it, if it is ours.
    ///
    /// # Errors
    /// If it does not stop in order.
    pub async fn stop(self) -> Result<(), ServerError> {
        match self.running {
            Running::Elsewhere => Ok(()),
            Running::Embedded(server) => {
                server.stop().await.map_err(|error| ServerError::Close(error.into()))
            }
            Running::Child(child) => Ok(child.stop().await?),
        }
    }
}

fn place(data_dir: Option<&PathBuf>) -> Result<(PathBuf, Option<TempDir>), ServerError> {
    match data_dir {
        Some(data_dir) => Ok((data_dir.clone(), None)),
        None => {
            let scratch = tempfile::Builder::new().prefix("holdfast-loadtest-").tempdir();
            let scratch = scratch.map_err(ServerError::DataDir)?;
            Ok((scratch.path().to_owned(), Some(scratch)))
        }
    }
}
