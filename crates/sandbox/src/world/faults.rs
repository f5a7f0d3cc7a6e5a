//! Failures on order: "answer this errcode on this path, so many times".

use std::collections::HashMap;

use crate::platform::Errcode;

/// The ordered failures by path.
#[derive(Default)]
pub(crate) struct Faults(HashMap<String, (Errcode, u32)>);

impl Faults {
    /// Orders failures; zero times takes an earlier order back.
    pub(crate) fn order(&mut self, path: &str, errcode: Errcode, times: u32) {
        if times == 0 {
            self.0.remove(path);
        } else {
            self.0.insert(path.to_owned(), (errcode, times));
        }
    }

    /// The failure that this call has to get, if any; counts it.
    pub(crate) fn take(&mut self, path: &str) -> Option<Errcode> {
        let (errcode, left) = self.0.get_mut(path)?;
        let errcode = *errcode;
        *left -= 1;
        if *left == 0 {
            self.0.remove(path);
        }
        Some(errcode)
    }
}
