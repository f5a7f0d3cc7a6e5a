//! Design rule 12: what an operator changes is in the audit log, in the transaction of the change itself.

use super::{Bench, engine};

/// Sends a change twice. Without an audit log it is refused and leaves nothing behind; with one it is done, and written down
/// under the actor's name. `send` answers why it was not done.
pub(crate) async fn audited(
    bench: &Bench,
    actor: &str,
    what: &str,
    send: impl AsyncFn() -> Result<(), String>,
) {
    let before = lasting(bench).await;
    bench
        .change("ALTER TABLE audit RENAME TO audit_away", vec![])
        .await;
    assert!(send().await.is_err(), "{what} was done without an audit entry");
    bench
        .change("ALTER TABLE audit_away RENAME TO audit", vec![])
        .await;
    assert!(
        lasting(bench).await == before,
        "{what} left something behind without an audit entry"
    );

    let count = "SELECT count(*) AS n FROM audit WHERE actor = $1 AND (old IS NOT NULL OR new IS NOT NULL)";
    let count = async || {
        let rows = bench.look(count, vec![actor.into()]).await;
        rows[0].integer("n").unwrap()
    };
    let earlier = count().await;
    if let Err(said) = send().await {
        panic!("{what}: {said}");
    }
    assert!(count().await > earlier, "{what} is not audited");
}

/// Everything but signatures, which are used up whatever comes of the request.
async fn lasting(bench: &Bench) -> Vec<(String, Vec<engine::Value>)> {
    let mut rows = bench.dump().await;
    rows.retain(|(table, _)| table != "authing_nonce");
    rows
}
