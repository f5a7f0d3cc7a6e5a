//! Keeps a file that cannot be used, under a name that says when; nothing is ever overwritten.

use crate::Error;
use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};
use yaopai_domain::Timestamp;

/// Why files are kept aside.
const REASONS: [&str; 2] = ["corrupt", "newer"];

/// Moves the file and what SQLite keeps beside it; answers its new name, `<name>.<reason>-20261121-020910` (UTC).
pub(super) fn keep_aside(path: &Path, reason: &str, now: Timestamp) -> Result<PathBuf, Error> {
    let stamp = jiff::Timestamp::from_millisecond(now.0)
        .unwrap_or_default()
        .strftime("%Y%m%d-%H%M%S")
        .to_string();
    let kept = free_name(path, &format!(".{reason}-{stamp}"))?;
    for suffix in ["", "-wal", "-shm"] {
        let from = with_suffix(path, suffix);
        if from.exists() {
            let source = |source| Error::File {
                path: from.clone(),
                source,
            };
            fs::rename(&from, with_suffix(&kept, suffix)).map_err(source)?;
        }
    }
    Ok(kept)
}

/// Removes every file that was ever kept aside for this path.
pub(super) fn remove_kept(path: &Path) -> Result<(), Error> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Ok(());
    };
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let failed = |path: &Path| {
        let path = path.to_owned();
        |source| Error::File { path, source }
    };
    let prefixes = REASONS.map(|reason| format!("{}.{reason}-", name.to_string_lossy()));
    for entry in fs::read_dir(folder).map_err(failed(folder))? {
        let entry = entry.map_err(failed(folder))?;
        let found = entry.file_name();
        if prefixes
            .iter()
            .any(|prefix| found.to_string_lossy().starts_with(prefix))
        {
            let kept = entry.path();
            fs::remove_file(&kept).map_err(failed(&kept))?;
        }
    }
    Ok(())
}

fn free_name(path: &Path, suffix: &str) -> Result<PathBuf, Error> {
    let mut candidate = with_suffix(path, suffix);
    let first = candidate.clone();
    for number in 2.. {
        let taken = candidate.try_exists().map_err(|source| Error::File {
            path: candidate.clone(),
            source,
        })?;
        if !taken {
            break;
        }
        candidate = with_suffix(&first, &format!("-{number}"));
    }
    Ok(candidate)
}

/// The path with text behind its last name.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}
