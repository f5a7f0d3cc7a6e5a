//! Avatars that people upload.
//!
//! Whoever uploads shows no token (`wx.uploadFile` of authing-wxapp-sdk sends none), so what arrives is only kept for good
//! once a user has it as photo, and only as what we have drawn ourselves from it.

use super::wire::{Fault, Rest};
use crate::{
    App, Error,
    endpoint::{Endpoint, Needs},
    extract::Place,
    facades::Browsers,
    limit::address_of,
    store::NewUpload,
};
use axum::{
    Json,
    extract::FromRequest,
    extract::{Multipart, Request, State},
    http::header,
    response::{IntoResponse, Response},
};
use image::{DynamicImage, GenericImageView, ImageDecoder, ImageFormat, ImageReader, Limits};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{
    io::Cursor,
    num::NonZero,
    sync::{Arc, LazyLock},
    thread::available_parallelism,
};
use tokio::sync::Semaphore;

/// Pixels of a side that are read at most.
const SIDE_MAX: u32 = 8_192;
/// Bytes that a picture may take while it is read.
const MEMORY_MAX: u64 = 64 * 1024 * 1024;
/// Pixels of a side that are kept.
const SIDE_KEPT: u32 = 1_024;
/// Bytes of a hash in a name.
const NAME_BYTES: usize = 16;
/// Where the oldest SDK believes its pictures to be; it puts the name of what it uploaded behind it.
const OLD_PLACE: &str = "https://usercontents.authing.cn/";

/// As many pictures are drawn at a time as there are processors: each takes memory, which is that of the whole program.
static SEATS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(seats())));

fn seats() -> usize {
    available_parallelism().map_or(1, NonZero::get)
}

/// Where pictures are taken and where they are served.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/v2/upload", Needs::Nothing, upload)
            .from(Browsers::Listed)
            .failing(Rest::early),
        // What `wx.uploadFile` of the oldest SDK calls `https://up.qiniup.com`.
        Endpoint::post("/upload/qiniu", Needs::Nothing, upload_as_qiniu)
            .failing(|error| as_qiniu(error.into())),
        Endpoint::get("/uploads/{name}", Needs::Nothing, serve).from(Browsers::Anybody),
    ]
}

async fn upload(State(app): State<Arc<App>>, request: Request) -> Rest {
    let kept = take(&app, request).await;
    Rest(kept.map(|name| json!({ "url": address(&app, &name), "key": name })))
}

/// Answers as Qiniu does.
async fn upload_as_qiniu(State(app): State<Arc<App>>, request: Request) -> Response {
    match take(&app, request).await {
        Ok(name) => Json(json!({ "key": name, "hash": name })).into_response(),
        Err(fault) => as_qiniu(fault),
    }
}

/// A refusal as Qiniu tells it.
fn as_qiniu(fault: Fault) -> Response {
    Json(json!({ "error": fault.message, "code": fault.code })).into_response()
}

async fn serve(State(app): State<Arc<App>>, Place(name): Place<String>) -> Result<Response, Error> {
    let upload = app.store.upload(&name).await?.ok_or(Error::NotFound("upload"))?;
    let headers = [
        (header::CONTENT_TYPE, upload.media_type),
        (
            header::CACHE_CONTROL,
            "public, max-age=31536000, immutable".to_owned(),
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'".to_owned()),
    ];
    Ok((headers, upload.bytes).into_response())
}

/// Keeps the file of a request; the name it is served by.
async fn take(app: &Arc<App>, request: Request) -> Result<String, Fault> {
    let client = address_of(app, request.headers(), request.extensions());
    let client = client.map(|address| address.to_string()).unwrap_or_default();
    let refused = || Fault::malformed("请以 multipart/form-data 上传字段 file，不超过 1 MB");
    let mut form = Multipart::from_request(request, app)
        .await
        .map_err(|_| refused())?;
    let mut file = None;
    while let Some(field) = form.next_field().await.map_err(|_| refused())? {
        if field.name() == Some("file") {
            file = Some(field.bytes().await.map_err(|_| refused())?);
            break;
        }
    }
    let file = file.ok_or_else(refused)?;
    let drawn = seated(move || redraw(&file)).await?;
    let (media_type, ending, bytes) = drawn.ok_or_else(|| Fault::malformed("只支持 PNG 和 JPEG 图片"))?;
    let hash = Sha256::digest(&bytes);
    let name = format!("{}.{ending}", hex::encode(&hash[..NAME_BYTES]));
    let upload = NewUpload {
        name: name.clone(),
        media_type,
        bytes,
        client,
    };
    if app.store.keep_upload(upload).await? {
        Ok(name)
    } else {
        Err(Fault::new(429, "上传过于频繁，请稍后再试"))
    }
}

/// Does what takes memory and time, once a seat is free. The seat is taken until it is done, also when whoever asked has
/// left.
async fn seated<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    let seat = Arc::clone(&SEATS).acquire_owned().await;
    let seat = seat.map_err(|_| Error::Busy)?;
    tokio::task::spawn_blocking(move || {
        let done = work();
        drop(seat);
        done
    })
    .await
    .map_err(|_| Error::Internal("drawing a picture broke off"))
}

/// A picture drawn anew: nothing of the file is kept but what people see.
fn redraw(file: &[u8]) -> Option<(&'static str, &'static str, Vec<u8>)> {
    let format = image::guess_format(file).ok()?;
    let (media_type, ending) = match format {
        ImageFormat::Png => ("image/png", "png"),
        ImageFormat::Jpeg => ("image/jpeg", "jpg"),
        _ => return None,
    };
    let mut reader = ImageReader::with_format(Cursor::new(file), format);
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_MAX);
    limits.max_image_height = Some(SIDE_MAX);
    limits.max_alloc = Some(MEMORY_MAX);
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder().ok()?;
    limits.reserve(decoder.total_bytes()).ok()?;
    decoder.set_limits(limits).ok()?;
    let orientation = decoder.orientation().ok()?;
    let mut picture = DynamicImage::from_decoder(decoder).ok()?;
    let (width, height) = picture.dimensions();
    if width.max(height) > SIDE_KEPT {
        picture = picture.thumbnail(SIDE_KEPT, SIDE_KEPT);
    }
    // Cameras write down how they were held instead of turning the picture.
    picture.apply_orientation(orientation);
    let picture = match format {
        ImageFormat::Jpeg => DynamicImage::ImageRgb8(picture.into_rgb8()),
        _ => DynamicImage::ImageRgba8(picture.into_rgba8()),
    };
    let mut bytes = Vec::new();
    picture.write_to(&mut Cursor::new(&mut bytes), format).ok()?;
    Some((media_type, ending, bytes))
}

fn address(app: &App, name: &str) -> String {
    let base = app.public_url.as_str().trim_end_matches('/');
    format!("{base}/uploads/{name}")
}

/// A photo that the oldest SDK puts together, as where it is.
pub(super) fn whereabouts(app: &App, photo: &str) -> String {
    match photo.strip_prefix(OLD_PLACE) {
        Some(name) if !name.contains('/') => address(app, name),
        _ => photo.to_owned(),
    }
}

/// Keeps an upload for good, because somebody has it as photo. Other addresses are none of ours.
pub(super) async fn keep(app: &App, photo: &str) -> Result<(), Fault> {
    let base = address(app, "");
    if let Some(name) = photo.strip_prefix(&base) {
        app.store.use_upload(name).await?;
    }
    Ok(())
}

/// The answer to `qiNiuUploadToken`: whoever uploads to us needs none.
pub(super) fn qiniu_token() -> Value {
    Value::String("upload".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::join_all;
    use image::{Rgb, RgbImage};
    use std::sync::{Condvar, Mutex};

    /// A wide JPEG, red on the left and blue on the right, of a camera that says it was held upright.
    fn portrait() -> Vec<u8> {
        let picture = RgbImage::from_fn(32, 16, |x, _| {
            if x < 16 {
                Rgb([255, 0, 0])
            } else {
                Rgb([0, 0, 255])
            }
        });
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, ImageFormat::Jpeg).unwrap();
        let jpeg = bytes.into_inner();
        // EXIF: one entry in little endian, tag 0x0112 (orientation), one short: 6, a quarter turn to the right.
        let exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
        let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
        [&jpeg[..2], &[0xff, 0xe1], &length, exif, &jpeg[2..]].concat()
    }

    #[test]
    fn a_portrait_photo_stands_upright() {
        let (_, _, bytes) = redraw(&portrait()).unwrap();
        let drawn = image::load_from_memory(&bytes).unwrap().into_rgb8();
        assert_eq!(drawn.dimensions(), (16, 32));
        let (top, bottom) = (drawn.get_pixel(8, 4), drawn.get_pixel(8, 28));
        assert!(top[0] > 200 && bottom[2] > 200, "{top:?} over {bottom:?}");
    }

    #[tokio::test]
    async fn no_more_pictures_are_drawn_at_a_time_than_there_are_processors() {
        let seats = seats();
        let drawing = Arc::new((Mutex::new((0, 0, 0)), Condvar::new()));
        let drawings = (0..4 * seats).map(|_| {
            let drawing = Arc::clone(&drawing);
            tokio::spawn(seated(move || {
                let (counts, changed) = &*drawing;
                let mut now = counts.lock().unwrap();
                now.0 += 1;
                now.1 += 1;
                now.2 = now.2.max(now.1);
                changed.notify_all();
                // Nobody is ready before all seats have been taken.
                let mut now = changed.wait_while(now, |(begun, ..)| *begun < seats).unwrap();
                now.1 -= 1;
            }))
        });
        for drawn in join_all(drawings.collect::<Vec<_>>()).await {
            drawn.unwrap().unwrap();
        }
        let (begun, _, most) = *drawing.0.lock().unwrap();
        assert_eq!((begun, most), (4 * seats, seats));
    }
}
