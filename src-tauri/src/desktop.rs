//! What the operating system does for us: clipboard, dialogs, browser.

use crate::commands::Answer;
use std::{borrow::Cow, path::PathBuf};
use tauri::{AppHandle, image::Image};
use tauri_plugin_clipboard_manager::ClipboardExt;
use tauri_plugin_dialog::DialogExt;
use tauri_plugin_opener::OpenerExt;
use tokio::sync::oneshot;
use yaopai_console::{ErrorView, FileFormat, PictureFormat};

fn refused(error: impl std::fmt::Display) -> ErrorView {
    ErrorView::Desktop {
        detail: error.to_string(),
    }
}

/// Puts text on the clipboard.
pub(crate) fn copy_text(app: &AppHandle, text: String) -> Answer<()> {
    app.clipboard().write_text(text).map_err(refused)
}

/// Puts a picture of `width` × `height` RGBA pixels on the clipboard.
pub(crate) fn copy_picture(app: &AppHandle, rgba: &[u8], width: u32, height: u32) -> Answer<()> {
    app.clipboard()
        .write_image(&Image::new(rgba, width, height))
        .map_err(refused)
}

/// Opens a link in the browser; anything but http(s) is refused.
pub(crate) fn open_link(app: &AppHandle, url: &str) -> Answer<()> {
    let shown: Cow<'_, str> = url.chars().take(80).collect();
    if !url.starts_with("https://") && !url.starts_with("http://") {
        return Err(refused(format_args!("not a web link: {shown}")));
    }
    app.opener().open_url(url, None::<&str>).map_err(refused)
}

/// Asks where to export to; `None` if the dialog was closed.
pub(crate) async fn where_to_export(app: &AppHandle, format: FileFormat) -> Answer<Option<PathBuf>> {
    let extension = match format {
        FileFormat::Csv => "csv",
        FileFormat::JsonLines => "jsonl",
    };
    let (answer, chosen) = oneshot::channel();
    app.dialog()
        .file()
        .set_file_name(format!("users.{extension}"))
        .add_filter(extension.to_uppercase(), &[extension])
        .save_file(|path| drop(answer.send(path)));
    let path = chosen.await.ok().flatten();
    path.map(|path| path.into_path().map_err(refused)).transpose()
}

/// Asks which file to import; `None` if the dialog was closed.
pub(crate) async fn what_to_import(app: &AppHandle) -> Answer<Option<PathBuf>> {
    let (answer, chosen) = oneshot::channel();
    app.dialog()
        .file()
        .add_filter("CSV, JSONL", &["csv", "tsv", "txt", "jsonl", "ndjson", "json"])
        .pick_file(|path| drop(answer.send(path)));
    let path = chosen.await.ok().flatten();
    path.map(|path| path.into_path().map_err(refused)).transpose()
}

/// Asks where to save a picture and writes it; `None` if the dialog was closed.
pub(crate) async fn save_picture(
    app: &AppHandle,
    format: PictureFormat,
    picture: Vec<u8>,
) -> Answer<Option<String>> {
    let extension = match format {
        PictureFormat::Png => "png",
        PictureFormat::Svg => "svg",
    };
    let (answer, chosen) = oneshot::channel();
    app.dialog()
        .file()
        .set_file_name(format!("wechat-login.{extension}"))
        .add_filter(extension.to_uppercase(), &[extension])
        .save_file(|path| drop(answer.send(path)));
    let Some(path) = chosen.await.ok().flatten() else {
        return Ok(None);
    };
    let path = path.into_path().map_err(refused)?;
    tokio::fs::write(&path, picture)
        .await
        .map_err(|error| refused(format_args!("{}: {error}", path.display())))?;
    Ok(Some(path.display().to_string()))
}
