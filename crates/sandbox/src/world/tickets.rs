//! Tickets that sign what clients do: `sdk_ticket` for scanning with a mobile app, `jsapi_ticket` for web pages.

use std::collections::HashMap;

use crate::ambient::Entropy;
use crate::shapes;

/// Seconds a ticket lives.
pub(crate) const TICKET_SECONDS: u64 = 7200;

/// What a ticket signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum TicketUse {
    /// `type=2`: the QR code of a mobile app.
    Sdk,
    /// `type=jsapi`: a page that uses the JS-SDK.
    Jsapi,
}

struct Ticket {
    text: String,
    expires_at: u64,
}

/// The current ticket of every app and use.
#[derive(Default)]
pub(crate) struct Tickets(HashMap<(String, TicketUse), Ticket>);

impl Tickets {
    /// The ticket and its remaining seconds; a new one only when the old one is over.
    pub(crate) fn current(
        &mut self,
        app_id: &str,
        what: TicketUse,
        now: u64,
        entropy: &Entropy,
    ) -> (String, u64) {
        let fresh = || Ticket {
            text: shapes::sdk_ticket(entropy),
            expires_at: now + TICKET_SECONDS,
        };
        let ticket = self.0.entry((app_id.to_owned(), what)).or_insert_with(fresh);
        if now >= ticket.expires_at {
            *ticket = fresh();
        }
        (ticket.text.clone(), ticket.expires_at - now)
    }

    /// The ticket that a signature of now has to be made with; none if nobody fetched one.
    pub(crate) fn alive(&self, app_id: &str, what: TicketUse, now: u64) -> Option<&str> {
        self.0
            .get(&(app_id.to_owned(), what))
            .filter(|ticket| now < ticket.expires_at)
            .map(|ticket| ticket.text.as_str())
    }
}
