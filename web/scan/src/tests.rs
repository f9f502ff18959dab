#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;
use qrcodegen::{QrCode, QrCodeEcc};

use super::scan;

const WIDTH: usize = 640;
const HEIGHT: usize = 480;
const SHORT: &str = "FOLGE:1:abcdef0123456789";

/// As long as a real invitation.
fn link() -> String {
    format!(
        "https://releet.eksempel.no/i#{}",
        "0123456789abcdef".repeat(14)
    )
}

/// A picture of a code, as cameras take them.
#[derive(Debug, Clone)]
struct Shot {
    text: String,
    /// Pixels for a module.
    scale: f64,
    degrees: f64,
    /// How much nearer one side is than the other.
    slant: f64,
    blurs: usize,
    noise: f64,
    /// How much darker the right edge is.
    shade: f64,
    /// Off the middle, in pixels.
    left: f64,
}

fn shot(text: &str) -> Shot {
    Shot {
        text: text.to_owned(),
        scale: 5.0,
        degrees: 0.0,
        slant: 0.0,
        blurs: 0,
        noise: 0.0,
        shade: 0.0,
        left: 0.0,
    }
}

impl Shot {
    /// Lays it over a picture.
    fn onto(&self, picture: &mut [f64]) {
        let code = QrCode::encode_text(&self.text, QrCodeEcc::Medium).unwrap();
        let size = f64::from(code.size());
        let (sin, cos) = self.degrees.to_radians().sin_cos();
        for y in 0..HEIGHT {
            for x in 0..WIDTH {
                let dx = x as f64 + 0.5 - WIDTH as f64 / 2.0 + self.left;
                let dy = y as f64 + 0.5 - HEIGHT as f64 / 2.0;
                let far = 1.0 + self.slant * dx / WIDTH as f64;
                let u = (dx * cos + dy * sin) * far / self.scale + size / 2.0;
                let v = (dy * cos - dx * sin) * far / self.scale + size / 2.0;
                let inside = |margin: f64| {
                    u >= -margin && v >= -margin && u < size + margin && v < size + margin
                };
                if inside(4.0) {
                    let dark = inside(0.0) && code.get_module(u as i32, v as i32);
                    picture[y * WIDTH + x] = if dark { 40.0 } else { 225.0 };
                }
            }
        }
    }

    fn taken(&self) -> Vec<u8> {
        let mut picture = vec![150.0; WIDTH * HEIGHT];
        self.onto(&mut picture);
        self.developed(picture)
    }

    fn developed(&self, mut picture: Vec<f64>) -> Vec<u8> {
        for _ in 0..self.blurs {
            let sharp = picture.clone();
            for y in 1..HEIGHT - 1 {
                for x in 1..WIDTH - 1 {
                    let around = (0..9).map(|i| sharp[(y + i / 3 - 1) * WIDTH + x + i % 3 - 1]);
                    picture[y * WIDTH + x] = around.sum::<f64>() / 9.0;
                }
            }
        }
        let mut state = 7_u64;
        let mut random = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) as f64 / f64::from(1_u32 << 31)
        };
        let develop = |(i, value): (usize, &f64)| {
            let light = 1.0 - self.shade * (i % WIDTH) as f64 / WIDTH as f64;
            (value * light + (random() + random() - 1.0) * self.noise).clamp(0.0, 255.0) as u8
        };
        picture.iter().enumerate().map(develop).collect()
    }
}

fn read(shot: &Shot) -> Option<String> {
    scan(WIDTH as u32, HEIGHT as u32, &shot.taken())
}

#[test]
fn codes_are_read_however_they_are_held() {
    for text in [SHORT.to_owned(), link()] {
        let good = shot(&text);
        let mut shots = vec![good.clone()];
        for degrees in [5.0, 12.0, 45.0, 90.0, 133.0, 180.0, 270.0, 355.0] {
            shots.push(Shot {
                degrees,
                ..good.clone()
            });
        }
        shots.push(Shot {
            slant: 0.2,
            ..good.clone()
        });
        shots.push(Shot {
            blurs: 2,
            ..good.clone()
        });
        shots.push(Shot {
            noise: 60.0,
            ..good.clone()
        });
        shots.push(Shot {
            shade: 0.6,
            ..good.clone()
        });
        shots.push(Shot {
            shade: 0.8,
            noise: 10.0,
            blurs: 1,
            degrees: 8.0,
            ..good.clone()
        });
        shots.push(Shot {
            scale: 3.0,
            ..good.clone()
        });
        for shot in shots {
            assert_eq!(read(&shot).as_ref(), Some(&text), "{shot:?}");
        }
    }
    let small = Shot {
        scale: 2.0,
        ..shot(SHORT)
    };
    assert_eq!(read(&small).as_deref(), Some(SHORT));
}

#[test]
fn of_two_codes_one_is_read_and_where_there_is_none_nothing_is() {
    let one = Shot {
        scale: 4.0,
        left: 150.0,
        ..shot("one")
    };
    let other = Shot {
        scale: 4.0,
        left: -150.0,
        ..shot("other")
    };
    let mut picture = vec![150.0; WIDTH * HEIGHT];
    one.onto(&mut picture);
    other.onto(&mut picture);
    let found = scan(WIDTH as u32, HEIGHT as u32, &one.developed(picture)).unwrap();
    assert!(["one", "other"].contains(&found.as_str()));
    for grey in [0, 128, 255] {
        assert_eq!(scan(640, 480, &vec![grey; 640 * 480]), None);
    }
    let stripes: Vec<u8> = (0..640 * 480)
        .map(|i| if i / 3 % 2 == 0 { 0 } else { 255 })
        .collect();
    assert_eq!(scan(640, 480, &stripes), None);
    // Too blurred to be read, and not guessed at.
    assert_eq!(
        read(&Shot {
            blurs: 40,
            scale: 2.0,
            ..shot(&link())
        }),
        None
    );
}

#[test]
fn a_picture_of_another_size_than_said_is_none() {
    let picture = shot(SHORT).taken();
    for (width, height) in [
        (0, 0),
        (640, 0),
        (0, 480),
        (641, 480),
        (640, 479),
        (1, 307_200),
        (307_200, 1),
        (u32::MAX, u32::MAX),
        (u32::MAX, 1),
        (65_536, 65_536),
    ] {
        assert_eq!(scan(width, height, &picture), None, "{width} × {height}");
        assert_eq!(scan(width, height, &[]), None);
    }
    // Sides changed about, the rows are torn.
    assert_eq!(scan(480, 640, &picture), None);
    // The largest, all in one colour, and one more.
    for grey in [0, 1, 255] {
        assert_eq!(scan(4096, 4096, &vec![grey; 4096 * 4096]), None);
    }
    assert_eq!(scan(4096, 4097, &vec![255; 4096 * 4097]), None);
    // A text that is none in UTF-8.
    let code = QrCode::encode_binary(&[0xff, 0xfe, 0x80], QrCodeEcc::Medium).unwrap();
    let side = usize::try_from(code.size()).unwrap() * 8;
    let picture: Vec<u8> = (0..side * side)
        .map(|i| {
            let (x, y) = ((i % side / 8) as i32, (i / side / 8) as i32);
            if code.get_module(x, y) { 0 } else { 255 }
        })
        .collect();
    assert_eq!(scan(side as u32, side as u32, &picture), None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn no_picture_stops_it(width in 1_u32..260, height in 1_u32..260, seed: u64, coarse in 1_u32..9) {
        let dark = |x: u32, y: u32| {
            let cell = u64::from(y / coarse) << 32 | u64::from(x / coarse);
            (cell ^ seed).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56
        };
        let picture: Vec<u8> = (0..width * height)
            .map(|i| dark(i % width, i / width) as u8)
            .collect();
        let _ = scan(width, height, &picture);
    }

    #[test]
    fn a_code_with_holes_is_read_right_or_not_at_all(
        scale in 1.5_f64..7.0,
        degrees in 0.0_f64..360.0,
        slant in 0.0_f64..1.5,
        noise in 0.0_f64..120.0,
        holes in proptest::collection::vec((0..WIDTH, 0..HEIGHT, 3_usize..60, any::<u8>()), 0..20),
    ) {
        let shot = Shot { scale, degrees, slant, noise, ..shot(SHORT) };
        let mut picture = shot.taken();
        for (x, y, side, grey) in holes {
            for row in y..(y + side).min(HEIGHT) {
                for pixel in &mut picture[row * WIDTH + x..row * WIDTH + (x + side).min(WIDTH)] {
                    *pixel = grey;
                }
            }
        }
        let read = scan(WIDTH as u32, HEIGHT as u32, &picture);
        prop_assert!(read.is_none() || read.as_deref() == Some(SHORT), "{read:?}");
    }
}
