//! What a browser's pretended camera sees: QR codes as a film.

use std::io::Write;
use std::path::Path;

use folge_core::qr::Qr;

/// The film's size, as small cameras have it.
const WIDTH: usize = 640;
const HEIGHT: usize = 480;
/// Film frames for one picture: a code stands still for a second.
const FRAMES: usize = 10;

/// Writes a film that shows codes one after the other, each for a second, over and over; without
/// any it shows a grey wall. Name the file `.y4m`.
/// # Errors
/// A text too long for a code; a file that cannot be written.
pub fn film(path: &Path, texts: &[&str]) -> Result<(), Box<dyn std::error::Error>> {
    let mut pictures = Vec::new();
    for text in texts {
        pictures.push(picture(&Qr::new(text)?)?);
    }
    if pictures.is_empty() {
        pictures.push(vec![128; WIDTH * HEIGHT]);
    }
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
    writeln!(
        file,
        "YUV4MPEG2 W{WIDTH} H{HEIGHT} F{FRAMES}:1 Ip A1:1 C420jpeg"
    )?;
    let no_colour = vec![128; WIDTH * HEIGHT / 2];
    for picture in pictures {
        for _ in 0..FRAMES {
            file.write_all(b"FRAME\n")?;
            file.write_all(&picture)?;
            file.write_all(&no_colour)?;
        }
    }
    file.flush()?;
    Ok(())
}

/// The code in the middle of a picture, as large as it fits; one byte a pixel.
fn picture(qr: &Qr) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let modules = usize::try_from(qr.size())?;
    let scale = HEIGHT / modules;
    if scale < 2 {
        return Err("the code is too fine for the film".into());
    }
    let side = modules * scale;
    let (left, top) = ((WIDTH - side) / 2, (HEIGHT - side) / 2);
    let mut picture = vec![160; WIDTH * HEIGHT];
    for y in 0..side {
        for x in 0..side {
            let dark = qr.is_dark(i32::try_from(x / scale)?, i32::try_from(y / scale)?);
            picture[(top + y) * WIDTH + left + x] = if dark { 30 } else { 235 };
        }
    }
    Ok(picture)
}
