//! Waiting for a condition, with a bound.

use std::time::Duration;

use anyhow::{Result, bail};

/// How long a machine with two busy cores may take for anything a person would call immediate.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);

const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// Looks until there is something to see; an error ends the wait, as does [`PATIENCE`].
pub(crate) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    let looking = async {
        loop {
            if let Some(seen) = look().await? {
                return Ok(seen);
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
    };
    match tokio::time::timeout(PATIENCE, looking).await {
        Ok(seen) => seen,
        Err(_) => bail!("{what}: not within {PATIENCE:?}"),
    }
}
