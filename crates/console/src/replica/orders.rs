//! Orders of everybody, kept at hand: where each row stands, so that the rows that fit are sorted without reading them, and a
//! leap into a long list lands at once. An order costs 8 bytes a user while it is used; a change of a list makes it anew.

use super::lists::Leg;
use crate::Error;
use rusqlite::Connection;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// The orders that were asked for last, by column.
#[derive(Default)]
pub(crate) struct Orders(Mutex<HashMap<&'static str, (i64, Arc<Order>)>>);

impl Orders {
    /// The order of a column as this reader sees it.
    pub(super) fn of(&self, c: &Connection, column: &'static str) -> Result<Arc<Order>, Error> {
        let changes: i64 = c
            .prepare_cached("SELECT changes FROM search")?
            .query_row([], |row| row.get(0))?;
        let known = |orders: &HashMap<_, (i64, Arc<Order>)>| {
            orders
                .get(column)
                .filter(|(at, _)| *at == changes)
                .map(|(_, order)| order.clone())
        };
        if let Some(order) = known(&self.0.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(order);
        }
        let order = Arc::new(Order::read(c, column)?);
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(column, (changes, order.clone()));
        Ok(order)
    }
}

/// Everybody in ascending order, those without a key last.
pub(super) struct Order {
    rows: Vec<u32>,
    /// By row: where it stands in `rows`.
    places: Vec<u32>,
    present: u32,
}

/// The row of nobody.
const NOBODY: u32 = u32::MAX;

impl Order {
    fn read(c: &Connection, column: &str) -> Result<Self, Error> {
        let mut rows: Vec<u32> = Vec::new();
        let mut present = 0;
        for leg in [Leg::Present, Leg::Absent] {
            let mut statement = c.prepare_cached(&leg.sql(column, false))?;
            let mut found = statement.query([-1])?;
            while let Some(row) = found.next()? {
                rows.push(row.get(0)?);
            }
            if leg == Leg::Present {
                present = rows.len() as u32;
            }
        }
        let last = rows.iter().max().map_or(0, |last| *last as usize);
        let mut places = vec![NOBODY; last + 1];
        for (place, row) in (0..).zip(&rows) {
            if let Some(of_row) = places.get_mut(*row as usize) {
                *of_row = place;
            }
        }
        Ok(Self {
            rows,
            places,
            present,
        })
    }

    /// How many there are.
    pub(super) const fn len(&self) -> u32 {
        self.rows.len() as u32
    }

    /// Where a row stands.
    pub(super) fn place(&self, row: u32, descending: bool) -> Option<u32> {
        let place = self.places.get(row as usize).filter(|place| **place != NOBODY)?;
        Some(self.turned(*place, descending))
    }

    /// Which row stands there.
    pub(super) fn row(&self, place: u32, descending: bool) -> Option<u32> {
        if place >= self.len() {
            return None;
        }
        self.rows.get(self.turned(place, descending) as usize).copied()
    }

    /// A place in the other direction: those without a key stay last, turned among themselves.
    const fn turned(&self, place: u32, descending: bool) -> u32 {
        match (descending, place < self.present) {
            (false, _) => place,
            (true, true) => self.present - 1 - place,
            (true, false) => self.present + (self.len() - 1 - place),
        }
    }
}
