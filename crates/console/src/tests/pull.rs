//! Brings a file up to date the way the sync does, without a network.

use super::BackendModel;
use crate::replica::{self, Next};
use rusqlite::Connection;
use yaopai_domain::{LoadRequest, PageEnd, PullRequest, Timestamp};

/// Whose access a file is loaded with.
pub(crate) const LOADED_BY: &str = "key";

/// Loads what is missing and makes what a first load leaves to make, until the file equals the backend.
pub(crate) fn pull(file: &Connection, backend: &BackendModel) {
    loop {
        let progress = replica::progress(file).unwrap();
        let client_id = progress.client_id;
        let place = match progress.next {
            Next::Plan => {
                let plan = backend.load(&LoadRequest { client_id, parts: 2 });
                replica::begin_load(file, &plan, LOADED_BY).unwrap();
                continue;
            }
            Next::Build => {
                replica::build_some(file).unwrap();
                continue;
            }
            Next::Scrub => panic!("nothing was deleted"),
            Next::Parts(mut places) => places.remove(0),
            Next::Tail(place) => place,
        };
        let request = PullRequest {
            client_id,
            cursor: place.cursor.clone(),
            seen: progress.seen,
            limit: 1000,
            pages: 1,
        };
        let page = backend.pull(&request).unwrap().remove(0);
        replica::apply_page(file, &place, &page, Timestamp(0)).unwrap();
        if page.end == PageEnd::CaughtUp && replica::progress(file).unwrap().next != Next::Build {
            return;
        }
    }
}
