//! Codes to scan: our own drawn crisp, WeChat's passed through.

use crate::{Error, PictureFormat, QrPicture};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use image::{DynamicImage, ImageFormat, ImageReader, Limits, Luma};
use qrcode::{EcLevel, QrCode, render::svg};
use std::io::Cursor;
use yaopai_domain::Drawing;

/// Pictures are at least this wide and high (pixels), each module a whole number of pixels.
const MIN_PIXELS: u32 = 512;
/// WeChat draws at most 1280 pixels ("获取不限制的小程序码").
const MAX_WECHAT_PIXELS: u32 = 4096;

/// A drawn code.
#[derive(Clone)]
pub(crate) struct Code {
    source: Source,
}

#[derive(Clone)]
enum Source {
    /// Drawn here.
    Own { text: String, code: Box<QrCode> },
    /// Drawn by WeChat, as it came.
    WeChat {
        format: ImageFormat,
        bytes: Vec<u8>,
        text: Option<String>,
    },
}

/// Why there is no picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum QrError {
    /// The text does not fit into a QR code.
    #[error("the text does not fit into a QR code")]
    TooLong,
    /// What WeChat sent is not a JPEG or PNG picture.
    #[error("not a JPEG or PNG picture")]
    NotAPicture,
    /// The picture could not be written.
    #[error("the picture could not be written")]
    NotWritten,
    /// WeChat's picture has no vectors.
    #[error("there are only pixels")]
    NoVectors,
}

impl Code {
    /// Takes what the backend wants drawn.
    pub(crate) fn draw(drawing: &Drawing) -> Result<Self, QrError> {
        let source = match drawing {
            Drawing::Text { text } => Source::Own {
                code: Box::new(
                    QrCode::with_error_correction_level(text, EcLevel::M).map_err(|_| QrError::TooLong)?,
                ),
                text: text.clone(),
            },
            Drawing::Image { base64, .. } => {
                let bytes = STANDARD.decode(base64).map_err(|_| QrError::NotAPicture)?;
                // What the bytes are counts, not what they are called.
                let format = image::guess_format(&bytes).map_err(|_| QrError::NotAPicture)?;
                let text = text_in(&decode(format, &bytes)?);
                Source::WeChat { format, bytes, text }
            }
        };
        Ok(Self { source })
    }

    /// The picture to show.
    pub(crate) fn picture(&self) -> QrPicture {
        match &self.source {
            Source::Own { text, code } => QrPicture {
                text: Some(text.clone()),
                data_url: data_url("image/svg+xml", vectors(code).as_bytes()),
                has_svg: true,
            },
            Source::WeChat { format, bytes, text } => QrPicture {
                text: text.clone(),
                data_url: data_url(format.to_mime_type(), bytes),
                has_svg: false,
            },
        }
    }

    /// The bytes of a file.
    pub(crate) fn file(&self, format: PictureFormat) -> Result<Vec<u8>, QrError> {
        match (&self.source, format) {
            (Source::Own { code, .. }, PictureFormat::Svg) => Ok(vectors(code).into_bytes()),
            (Source::WeChat { .. }, PictureFormat::Svg) => Err(QrError::NoVectors),
            (_, PictureFormat::Png) => {
                let mut file = Cursor::new(Vec::new());
                self.image()?
                    .write_to(&mut file, ImageFormat::Png)
                    .map_err(|_| QrError::NotWritten)?;
                Ok(file.into_inner())
            }
        }
    }

    /// Width, height and RGBA bytes.
    pub(crate) fn pixels(&self) -> Result<(u32, u32, Vec<u8>), QrError> {
        let image = self.image()?.into_rgba8();
        Ok((image.width(), image.height(), image.into_raw()))
    }

    fn image(&self) -> Result<DynamicImage, QrError> {
        match &self.source {
            Source::Own { code, .. } => {
                let image = code
                    .render::<Luma<u8>>()
                    .min_dimensions(MIN_PIXELS, MIN_PIXELS)
                    .build();
                Ok(image.into())
            }
            Source::WeChat { format, bytes, .. } => decode(*format, bytes),
        }
    }
}

/// The text of a picture that is a QR code. WeChat's mini-program codes are round and have none; the sandbox draws
/// square ones, and who has no phone there opens the text.
fn text_in(picture: &DynamicImage) -> Option<String> {
    let mut prepared = rqrr::PreparedImage::prepare(picture.to_luma8());
    let grids = prepared.detect_grids();
    grids.first()?.decode().ok().map(|(_, text)| text)
}

/// Black on white in every theme, because scanners expect it, with the quiet zone of four modules (ISO/IEC 18004).
fn vectors(code: &QrCode) -> String {
    code.render::<svg::Color<'_>>()
        .min_dimensions(MIN_PIXELS, MIN_PIXELS)
        .dark_color(svg::Color("#000000"))
        .light_color(svg::Color("#ffffff"))
        .build()
}

fn decode(format: ImageFormat, bytes: &[u8]) -> Result<DynamicImage, QrError> {
    if !matches!(format, ImageFormat::Jpeg | ImageFormat::Png) {
        return Err(QrError::NotAPicture);
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_WECHAT_PIXELS);
    limits.max_image_height = Some(MAX_WECHAT_PIXELS);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    reader.decode().map_err(|_| QrError::NotAPicture)
}

fn data_url(media_type: &str, bytes: &[u8]) -> String {
    format!("data:{media_type};base64,{}", STANDARD.encode(bytes))
}

impl From<QrError> for Error {
    fn from(error: QrError) -> Self {
        match error {
            QrError::NoVectors => Self::NotFound,
            QrError::TooLong | QrError::NotAPicture | QrError::NotWritten => Self::Picture(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const URL: &str = "https://open.weixin.qq.com/connect/confirm?uuid=011AbCdEfGhIjKl0";

    fn code(text: &str) -> Code {
        Code::draw(&Drawing::Text {
            text: text.to_owned(),
        })
        .unwrap()
    }

    fn read(image: &image::GrayImage) -> String {
        let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(
            image.width() as usize,
            image.height() as usize,
            |x, y| image.get_pixel(x as u32, y as u32).0[0],
        );
        let grids = prepared.detect_grids();
        assert_eq!(grids.len(), 1, "one code in the picture");
        grids[0].decode().unwrap().1
    }

    fn wechats_own(format: ImageFormat) -> (Drawing, Vec<u8>) {
        let image = code(URL).image().unwrap();
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, format).unwrap();
        let bytes = bytes.into_inner();
        let drawing = Drawing::Image {
            media_type: "image/jpeg".to_owned(),
            base64: STANDARD.encode(&bytes),
        };
        (drawing, bytes)
    }

    #[test]
    fn the_png_reads_back() {
        let png = code(URL).file(PictureFormat::Png).unwrap();
        let image = image::load_from_memory(&png).unwrap().into_luma8();
        assert!(image.width() >= MIN_PIXELS && image.width() == image.height());
        assert_eq!(read(&image), URL);
    }

    #[test]
    fn the_pixels_for_the_clipboard_read_back() {
        let (width, height, bytes) = code(URL).pixels().unwrap();
        let image = image::RgbaImage::from_raw(width, height, bytes).unwrap();
        assert!(image.pixels().all(|pixel| pixel.0[3] == 255));
        assert_eq!(read(&DynamicImage::from(image).into_luma8()), URL);
    }

    #[test]
    fn the_svg_draws_the_same_modules_as_the_png() {
        let code = code(URL);
        let svg = String::from_utf8(code.file(PictureFormat::Svg).unwrap()).unwrap();
        assert!(svg.contains(r#"shape-rendering="crispEdges""#));
        assert!(svg.contains(r##"fill="#ffffff""##) && svg.contains(r##"fill="#000000""##));
        let pixels = code.image().unwrap().into_luma8();
        // Paint the path, which consists of `M<left> <top>h<width>v<height>H<left>V<top>`.
        let mut painted = image::GrayImage::from_pixel(pixels.width(), pixels.height(), Luma([255]));
        let path = svg.split_once(" d=\"").unwrap().1.split('"').next().unwrap();
        for rectangle in path.split('M').skip(1) {
            let numbers: Vec<u32> = rectangle
                .split(|c: char| !c.is_ascii_digit())
                .filter(|text| !text.is_empty())
                .map(|text| text.parse().unwrap())
                .collect();
            let [left, top, width, height, ..] = numbers[..] else {
                panic!("a rectangle has four numbers: {rectangle}");
            };
            for (x, y) in (left..left + width).flat_map(|x| (top..top + height).map(move |y| (x, y))) {
                painted.put_pixel(x, y, Luma([0]));
            }
        }
        assert_eq!(painted, pixels);
    }

    #[test]
    fn keeps_a_quiet_zone_of_four_modules() {
        let own = code(URL);
        let Source::Own { code, .. } = &own.source else {
            panic!("drawn here");
        };
        let image = own.image().unwrap().into_luma8();
        let modules = code.width() as u32 + 8;
        assert_eq!(image.width() % modules, 0, "whole pixels a module");
        let zone = 4 * image.width() / modules;
        let dark = image
            .enumerate_pixels()
            .filter(|(_, _, pixel)| pixel.0[0] == 0)
            .map(|(x, y, _)| x.min(y));
        assert_eq!(dark.min(), Some(zone));
        assert_eq!(code.error_correction_level(), EcLevel::M);
    }

    #[test]
    fn passes_wechats_picture_through() {
        let (drawing, bytes) = wechats_own(ImageFormat::Jpeg);
        let code = Code::draw(&drawing).unwrap();
        let picture = code.picture();
        assert_eq!(picture.data_url, data_url("image/jpeg", &bytes));
        assert_eq!(
            (picture.text.as_deref(), picture.has_svg),
            (Some(URL), false),
            "read, because it is a QR code"
        );
        assert_eq!(code.file(PictureFormat::Svg), Err(QrError::NoVectors));
        let png = image::load_from_memory(&code.file(PictureFormat::Png).unwrap()).unwrap();
        assert_eq!(read(&png.into_luma8()), URL);
    }

    #[test]
    fn believes_the_bytes_and_not_the_media_type() {
        let (drawing, _) = wechats_own(ImageFormat::Png);
        let picture = Code::draw(&drawing).unwrap().picture();
        assert!(picture.data_url.starts_with("data:image/png;base64,"));
        let page = Drawing::Image {
            media_type: "image/jpeg".to_owned(),
            base64: STANDARD.encode("<html><script>"),
        };
        assert_eq!(Code::draw(&page).err(), Some(QrError::NotAPicture));
    }

    #[test]
    fn refuses_a_text_no_code_can_hold() {
        let text = "x".repeat(3000);
        assert_eq!(Code::draw(&Drawing::Text { text }).err(), Some(QrError::TooLong));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn any_url_reads_back(query in "[a-zA-Z0-9%&=_.-]{0,200}") {
            let text = format!("{URL}&{query}");
            prop_assert_eq!(read(&code(&text).image().unwrap().into_luma8()), text);
        }
    }
}
