//! The person's phone: reads the QR code off the screen with a decoder that is not ours, and opens what it says.

use anyhow::{Context as _, Result, ensure};

use crate::server::http;

/// The text of the one QR code in a picture; none while there is none to read.
pub(crate) fn read_qr(picture: &[u8]) -> Result<Option<String>> {
    let grey = image::load_from_memory(picture)?.into_luma8();
    let (width, height) = (grey.width() as usize, grey.height() as usize);
    let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| {
        grey.get_pixel(x as u32, y as u32).0[0]
    });
    Ok(prepared
        .detect_grids()
        .iter()
        .find_map(|grid| grid.decode().ok())
        .map(|(_, text)| text))
}

/// Opens the scanned address: the phone shows the app's name and asks.
pub(crate) async fn open(address: &str) -> Result<()> {
    let page = http()?
        .get(address)
        .send()
        .await?
        .error_for_status()?
        .text()
        .await?;
    ensure!(
        page.contains("<form"),
        "the phone asks for a decision, got: {page}"
    );
    Ok(())
}

/// Approves as one of the test people, by the form on that page.
pub(crate) async fn approve(address: &str, person: &str) -> Result<()> {
    let (page, query) = address
        .split_once('?')
        .context("the address names its QR session")?;
    let answer = http()?
        .post(page)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("{query}&person={person}&decision=approve"))
        .send()
        .await?;
    ensure!(
        answer.status().is_success() || answer.status().is_redirection(),
        "the phone's answer was refused: {}",
        answer.text().await?
    );
    Ok(())
}
