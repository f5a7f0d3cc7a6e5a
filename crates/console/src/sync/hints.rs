//! Hints wake the loop the moment something changes. Losing them costs time, never data: the loop polls as well.

use super::{Wakes, back_off::BackOff};
use crate::{Ambient, Error, Link, api::Api, board::Board};
use tokio_util::sync::CancellationToken;
use yaopai_domain::Hint;

/// Listens for hints whenever the backend answers, until it is cancelled.
pub(crate) async fn follow_hints(
    api: Api,
    board: Board,
    wakes: Wakes,
    ambient: Ambient,
    cancelled: CancellationToken,
) {
    let mut back_off = BackOff::new(api.is_local());
    let follow = async {
        let mut status = board.watch();
        // The board lives as long as the console.
        while status
            .wait_for(|status| status.link == Link::Connected)
            .await
            .is_ok()
        {
            if let Err(error) = listen(&api, &wakes, &mut back_off).await {
                tracing::debug!(%error, "no hints");
            }
            // Either the backend is gone, and the loop shall find out, or something changed in the gap.
            wakes.hint();
            tokio::time::sleep(back_off.next(&*ambient.entropy)).await;
        }
    };
    tokio::select! {
        () = cancelled.cancelled() => {}
        () = follow => {}
    }
}

async fn listen(api: &Api, wakes: &Wakes, back_off: &mut BackOff) -> Result<(), Error> {
    let mut events = api.hints().await?;
    while let Some(event) = events.next().await? {
        if event.name == "head" && serde_json::from_str::<Hint>(&event.data).is_ok() {
            back_off.reset();
            wakes.hint();
        }
    }
    Ok(())
}
