//! Avatars of the test people: small landscapes, drawn from formulas so that they are sharp at every size.

use std::io::Cursor;

use image::{ImageFormat, Rgb, RgbImage};

use super::DrawingError;
use crate::world::people::Motif;

type Colour = [f32; 3];

/// Samples per pixel and direction; smooths the edges.
const SAMPLES: u32 = 3;

/// The avatar as a square PNG.
pub(crate) fn avatar_png(motif: Motif, width: u32) -> Result<Vec<u8>, DrawingError> {
    let step = 1.0 / (width * SAMPLES) as f32;
    let picture = RgbImage::from_fn(width, width, |column, row| {
        let mut sum = [0.0; 3];
        for (i, j) in (0..SAMPLES).flat_map(|i| (0..SAMPLES).map(move |j| (i, j))) {
            let x = ((column * SAMPLES + i) as f32 + 0.5) * step;
            let y = ((row * SAMPLES + j) as f32 + 0.5) * step;
            for (total, part) in sum.iter_mut().zip(colour_at(motif, x, y)) {
                *total += part;
            }
        }
        Rgb(sum.map(|total| (total / (SAMPLES * SAMPLES) as f32).round() as u8))
    });
    let mut png = Cursor::new(Vec::new());
    picture.write_to(&mut png, ImageFormat::Png)?;
    Ok(png.into_inner())
}

/// The colour at a point of the unit square, y downwards.
fn colour_at(motif: Motif, x: f32, y: f32) -> Colour {
    let within = |cx: f32, cy: f32, radius: f32| (x - cx).hypot(y - cy) < radius;
    match motif {
        Motif::Hill => {
            if y > 0.70 - 0.10 * (x * 5.0 + 0.4).sin() {
                [47.0, 110.0, 88.0]
            } else if y > 0.56 - 0.14 * (x * 4.0 + 2.2).sin() {
                [110.0, 163.0, 132.0]
            } else if within(0.70, 0.28, 0.11) {
                [247.0, 205.0, 128.0]
            } else {
                [230.0, 240.0, 226.0]
            }
        }
        Motif::Moon => {
            if within(0.46, 0.44, 0.24) && !within(0.57, 0.37, 0.22) {
                [250.0, 226.0, 160.0]
            } else if within(0.76, 0.24, 0.02) || within(0.24, 0.74, 0.015) || within(0.70, 0.70, 0.025) {
                [210.0, 216.0, 240.0]
            } else {
                [44.0, 52.0, 92.0]
            }
        }
        Motif::Wave => {
            let crest = |level: f32, phase: f32| y > level + 0.05 * (x * 11.0 + phase).sin();
            if crest(0.76, 2.6) {
                [24.0, 78.0, 119.0]
            } else if crest(0.60, 0.8) {
                [52.0, 122.0, 166.0]
            } else if crest(0.44, 4.2) {
                [122.0, 176.0, 206.0]
            } else {
                [223.0, 236.0, 243.0]
            }
        }
        Motif::Sun => {
            if y > 0.68 {
                [201.0, 98.0, 62.0]
            } else if within(0.5, 0.68, 0.27) {
                [246.0, 190.0, 92.0]
            } else {
                [250.0, 228.0, 204.0]
            }
        }
        Motif::Leaf => {
            let vein = (x - y).abs() < 0.014 && (0.20..0.84).contains(&x);
            let leaf = within(0.24, 0.76, 0.56) && within(0.76, 0.24, 0.56);
            if vein {
                [240.0, 246.0, 222.0]
            } else if leaf {
                [96.0, 150.0, 62.0]
            } else {
                [226.0, 238.0, 198.0]
            }
        }
        Motif::Nobody => {
            if within(0.5, 0.40, 0.17) || within(0.5, 1.02, 0.40) {
                [190.0, 190.0, 190.0]
            } else {
                [226.0, 226.0, 226.0]
            }
        }
    }
}
