//! The pictures the sandbox makes: QR codes as JPEG, avatars as PNG.

mod avatar;
mod qr;

pub(crate) use avatar::avatar_png;
pub(crate) use qr::qr_jpeg;

/// Why a picture could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DrawingError {
    #[error("the text does not fit into a QR code")]
    Qr(#[from] qrcode::types::QrError),
    #[error("the picture could not be encoded")]
    Image(#[from] image::ImageError),
}
