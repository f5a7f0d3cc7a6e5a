//! QR codes as JPEG.

use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, GrayImage, Luma};
use qrcode::{Color, EcLevel, QrCode};

use super::DrawingError;

/// Modules of white around the code; scanners need four.
const QUIET: u32 = 4;
/// High enough that no module edge rings.
const QUALITY: u8 = 95;

/// A QR code of this text, `width` pixels wide (more if the modules would not be whole pixels otherwise).
pub(crate) fn qr_jpeg(text: &str, width: u32) -> Result<Vec<u8>, DrawingError> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M)?;
    let modules = code.width() as u32;
    let scale = (width / (modules + 2 * QUIET)).max(3);
    let width = width.max((modules + 2 * QUIET) * scale);
    let margin = (width - modules * scale) / 2;
    let picture = GrayImage::from_fn(width, width, |x, y| {
        let module = |at: u32| {
            at.checked_sub(margin)
                .map(|inside| inside / scale)
                .filter(|at| *at < modules)
        };
        match (module(x), module(y)) {
            (Some(x), Some(y)) if code[(x as usize, y as usize)] == Color::Dark => Luma([0]),
            _ => Luma([255]),
        }
    });
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, QUALITY).encode(
        picture.as_raw(),
        width,
        width,
        ExtendedColorType::L8,
    )?;
    Ok(jpeg)
}
