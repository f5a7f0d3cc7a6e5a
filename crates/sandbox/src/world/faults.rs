//! Failures and delays on order: "answer this errcode on this path, so many times", "answer that one later".

use std::collections::HashMap;
use std::time::Duration;

use crate::platform::Refusal;

/// A failure that somebody ordered.
pub(crate) struct OrderedFailure {
    /// Only calls of this app fail; none stands for every app.
    pub(crate) app_id: Option<String>,
    pub(crate) refusal: Refusal,
    /// How often; none stands for always.
    pub(crate) times: Option<u32>,
}

/// What was ordered, by path.
#[derive(Default)]
pub(crate) struct Faults {
    orders: HashMap<String, Vec<OrderedFailure>>,
    delays: HashMap<String, Duration>,
}

impl Faults {
    /// Orders failures; they replace an earlier order for the same path and app. Zero times only takes that back.
    pub(crate) fn order(&mut self, path: &str, order: OrderedFailure) {
        let orders = self.orders.entry(path.to_owned()).or_default();
        orders.retain(|earlier| earlier.app_id != order.app_id);
        if order.times != Some(0) {
            orders.push(order);
        }
    }

    /// The failure that this call has to get, if any; counts it.
    pub(crate) fn take(&mut self, path: &str, app_id: Option<&str>) -> Option<Refusal> {
        let orders = self.orders.get_mut(path)?;
        let at = orders
            .iter()
            .position(|order| order.app_id.is_none() || order.app_id.as_deref() == app_id)?;
        let refusal = orders[at].refusal.clone();
        if let Some(left) = &mut orders[at].times {
            *left -= 1;
            if *left == 0 {
                orders.remove(at);
            }
        }
        Some(refusal)
    }

    /// Makes every answer of a path late; nothing makes it prompt again.
    pub(crate) fn delay(&mut self, path: &str, delay: Duration) {
        if delay.is_zero() {
            self.delays.remove(path);
        } else {
            self.delays.insert(path.to_owned(), delay);
        }
    }

    /// How late a path answers.
    pub(crate) fn delay_of(&self, path: &str) -> Option<Duration> {
        self.delays.get(path).copied()
    }

    /// Takes every order back.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}
