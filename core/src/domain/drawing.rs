//! A signature drawn on a screen: its shape and nothing else. No time, no pressure and no speed, so
//! that it is no profile of how somebody writes (the agreement's list of data is exhaustive).

use std::fmt::{self, Write};
use std::str::FromStr;

use super::{DomainError, Field, limits};

/// A place on the grid, from the upper left.
pub type Point = (u16, u16);

/// A drawn signature: strokes over a grid of [`limits::DRAWING_GRID`] points each way.
#[derive(Clone, PartialEq, Eq)]
pub struct Drawing {
    strokes: Vec<Vec<Point>>,
}

impl fmt::Debug for Drawing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Drawing(..)")
    }
}

const FIELD: Field = Field::Drawing;

fn too_many(max_count: usize) -> DomainError {
    let field = FIELD;
    DomainError::TooMany { field, max_count }
}

impl Drawing {
    /// Takes what was drawn. Points that a straight line passes through are left out: the shape
    /// stays within one step of the grid.
    /// # Errors
    /// [`DomainError::DrawingEmpty`] where hardly anything was drawn; where it is more than a
    /// signature, or off the grid.
    pub fn new(strokes: Vec<Vec<Point>>) -> Result<Self, DomainError> {
        let raw: usize = strokes.iter().map(Vec::len).sum();
        if raw > limits::DRAWING_RAW_POINTS_COUNT_MAX {
            return Err(too_many(limits::DRAWING_RAW_POINTS_COUNT_MAX));
        }
        let drawn = strokes.iter().filter(|stroke| !stroke.is_empty());
        Self {
            strokes: drawn.map(|stroke| simplified(stroke)).collect(),
        }
        .checked()
    }

    /// The strokes.
    #[must_use]
    pub fn strokes(&self) -> &[Vec<Point>] {
        &self.strokes
    }

    fn checked(self) -> Result<Self, DomainError> {
        if self.strokes.len() > limits::DRAWING_STROKES_COUNT_MAX {
            return Err(too_many(limits::DRAWING_STROKES_COUNT_MAX));
        }
        let points = || self.strokes.iter().flatten();
        if points().count() > limits::DRAWING_POINTS_COUNT_MAX {
            return Err(too_many(limits::DRAWING_POINTS_COUNT_MAX));
        }
        let off = |c: u16| c >= limits::DRAWING_GRID;
        let stands = |pair: &[Point]| matches!(pair, [one, next] if one == next);
        if points().any(|(x, y)| off(*x) || off(*y))
            || self.strokes.iter().any(Vec::is_empty)
            || self
                .strokes
                .iter()
                .any(|stroke| stroke.windows(2).any(stands))
        {
            return Err(DomainError::Unreadable { field: FIELD });
        }
        let extent = |of: fn(&Point) -> u16| {
            let (least, most) = (points().map(of).min(), points().map(of).max());
            most.unwrap_or(0) - least.unwrap_or(0)
        };
        if extent(|p| p.0).max(extent(|p| p.1)) < limits::DRAWING_EXTENT_MIN {
            return Err(DomainError::DrawingEmpty);
        }
        Ok(self)
    }

    /// The drawing as an SVG image, dark on white, of a size that the page decides.
    #[must_use]
    pub fn to_svg(&self) -> String {
        let size = limits::DRAWING_GRID;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {size} {size}\">\
             <rect width=\"{size}\" height=\"{size}\" fill=\"#fff\"/>\
             <path d=\"{}\" fill=\"none\" stroke=\"#000\" stroke-width=\"8\" \
             stroke-linecap=\"round\" stroke-linejoin=\"round\"/></svg>",
            self.path()
        )
    }

    /// As SVG paths are written; a single point is drawn as a line of no length.
    fn path(&self) -> String {
        let dots = |stroke: &[Point]| if stroke.len() == 1 { "l0 0" } else { "" };
        self.strokes
            .iter()
            .map(|stroke| stroke_text(stroke) + dots(stroke))
            .collect()
    }
}

/// `M`, the first point, and for each further one `l` and how far it lies from the one before.
fn stroke_text(stroke: &[Point]) -> String {
    let mut text = String::new();
    if let Some((x, y)) = stroke.first() {
        let _ = write!(text, "M{x} {y}");
    }
    for pair in stroke.windows(2) {
        if let [from, to] = pair {
            let (x, y) = apart(*from, *to);
            let _ = write!(text, "l{x} {y}");
        }
    }
    text
}

fn apart(from: Point, to: Point) -> (i64, i64) {
    let less = |a: u16, b: u16| i64::from(a) - i64::from(b);
    (less(to.0, from.0), less(to.1, from.1))
}

/// How it stands in documents.
impl fmt::Display for Drawing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.strokes
            .iter()
            .try_for_each(|stroke| f.write_str(&stroke_text(stroke)))
    }
}

/// Reads the one spelling of a drawing; what is no drawing by the rules is refused.
impl FromStr for Drawing {
    type Err = DomainError;
    fn from_str(text: &str) -> Result<Self, DomainError> {
        let unreadable = DomainError::Unreadable { field: FIELD };
        if text.len() > limits::DRAWING_TEXT_BYTES_MAX {
            return Err(unreadable);
        }
        let strokes: Option<Vec<_>> = text.split('M').skip(1).map(read_stroke).collect();
        let drawing = Self {
            strokes: strokes.ok_or(unreadable)?,
        }
        .checked()?;
        // Numbers have several spellings; a drawing has one.
        if drawing.to_string() == text {
            Ok(drawing)
        } else {
            Err(unreadable)
        }
    }
}

fn read_stroke(text: &str) -> Option<Vec<Point>> {
    let mut parts = text.split('l');
    let pair = |part: &str| -> Option<(i32, i32)> {
        let (x, y) = part.split_once(' ')?;
        Some((x.parse().ok()?, y.parse().ok()?))
    };
    let mut at = pair(parts.next()?)?;
    let point = |(x, y): (i32, i32)| Some((u16::try_from(x).ok()?, u16::try_from(y).ok()?));
    let mut stroke = vec![point(at)?];
    for part in parts {
        let (x, y) = pair(part)?;
        at = (at.0.checked_add(x)?, at.1.checked_add(y)?);
        stroke.push(point(at)?);
    }
    Some(stroke)
}

/// Leaves out points that lie within one step of the line between those that are kept (Douglas and
/// Peucker).
fn simplified(stroke: &[Point]) -> Vec<Point> {
    let mut points = stroke.to_vec();
    points.dedup();
    let mut keep = vec![false; points.len()];
    let mut spans = vec![(0, points.len().saturating_sub(1))];
    while let Some((first, last)) = spans.pop() {
        let (Some(from), Some(to)) = (points.get(first), points.get(last)) else {
            continue;
        };
        for place in [first, last] {
            if let Some(kept) = keep.get_mut(place) {
                *kept = true;
            }
        }
        let between = points.iter().enumerate().take(last).skip(first + 1);
        let far = between
            .filter(|(_, point)| is_off(**point, *from, *to))
            .max_by_key(|(place, point)| (off_by(**point, *from, *to), *place));
        if let Some((place, _)) = far {
            spans.extend([(first, place), (place, last)]);
        }
    }
    let kept = points.iter().zip(keep).filter(|(_, kept)| *kept);
    let mut points: Vec<Point> = kept.map(|(point, _)| *point).collect();
    points.dedup();
    points
}

/// How far a point lies from the way between two others: the square, and what to divide it by.
fn distance(point: Point, from: Point, to: Point) -> (i64, i64) {
    let (line, own, back) = (apart(from, to), apart(from, point), apart(to, point));
    let square = |(x, y): (i64, i64)| x * x + y * y;
    let length = square(line);
    let along = line.0 * own.0 + line.1 * own.1;
    if along <= 0 {
        (square(own), 1)
    } else if along >= length {
        (square(back), 1)
    } else {
        let across = line.0 * own.1 - line.1 * own.0;
        (across * across, length)
    }
}

fn is_off(point: Point, from: Point, to: Point) -> bool {
    let (square, by) = distance(point, from, to);
    square > by
}

fn off_by(point: Point, from: Point, to: Point) -> i64 {
    let (square, by) = distance(point, from, to);
    square / by.max(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(points: &[Point]) -> Drawing {
        Drawing::new(vec![points.to_vec()]).unwrap()
    }

    #[test]
    fn a_drawing_has_one_spelling() {
        let name = Drawing::new(vec![vec![(10, 20), (90, 60), (85, 300)], vec![(7, 7)]]).unwrap();
        assert_eq!(name.to_string(), "M10 20l80 40l-5 240M7 7");
        assert_eq!("M10 20l80 40l-5 240M7 7".parse(), Ok(name.clone()));
        for other in [
            "M10 20l80 40l-5 240M7 7 ",
            " M10 20l80 40l-5 240M7 7",
            "M+10 20l80 40l-5 240M7 7",
            "M10 20l080 40l-5 240M7 7",
            "M10 20l80 40l-5 240M7 7l0 0",
            "M10 20l80 40l-5 -0M7 7",
            "m10 20l80 40l-5 240M7 7",
            "M10 20l80 40l-5 1004M7 7",
            "M10 20l80 40l-91 240M7 7",
            "M10 20l2147483647 1l2147483647 1",
            "MM10 20l80 40",
            "M10 20",
            "",
        ] {
            assert!(other.parse::<Drawing>().is_err(), "{other}");
        }
        assert!(name.to_svg().contains("M10 20l80 40l-5 240M7 7l0 0\""));
        assert_eq!(format!("{name:?}"), "Drawing(..)");
    }

    #[test]
    fn a_dot_is_no_signature_and_a_book_neither() {
        let of = |strokes: Vec<Vec<Point>>| Drawing::new(strokes).unwrap_err();
        let least = limits::DRAWING_EXTENT_MIN;
        let dots = vec![vec![(5, 5)], vec![], vec![(5 + least - 1, 5)]];
        for empty in [vec![], vec![vec![]], vec![vec![(5, 5); 9]], dots] {
            assert_eq!(of(empty), DomainError::DrawingEmpty);
        }
        assert!(Drawing::new(vec![vec![(5, 5), (5 + least, 5)]]).is_ok());
        let grid = limits::DRAWING_GRID;
        assert_eq!(of(vec![vec![(0, 0), (grid, 0)]]).code(), "unreadable");
        let strokes = |count| vec![vec![(0, 0), (500, 500)]; count];
        let most = limits::DRAWING_STROKES_COUNT_MAX;
        assert!(Drawing::new(strokes(most)).is_ok());
        assert_eq!(of(strokes(most + 1)).code(), "too_many");
        // Points that turn at each step cannot be left out.
        let jagged = |count: u16| (0..count).map(|n| (n % 1000, if n % 2 == 0 { 0 } else { 900 }));
        let most = u16::try_from(limits::DRAWING_POINTS_COUNT_MAX).unwrap();
        let longest = Drawing::new(vec![jagged(most).collect()]).unwrap();
        assert!(longest.to_string().len() < limits::DRAWING_TEXT_BYTES_MAX);
        assert_eq!(of(vec![jagged(most + 1).collect()]).code(), "too_many");
        let endless = vec![vec![(0, 0); limits::DRAWING_RAW_POINTS_COUNT_MAX + 1]];
        assert_eq!(of(endless).code(), "too_many");
    }

    #[test]
    fn straight_runs_are_two_points_and_turns_stay() {
        let run: Vec<Point> = (0..500).map(|n| (n, n)).collect();
        assert_eq!(line(&run).strokes(), [[(0, 0), (499, 499)]]);
        let back: Vec<Point> = (0..300).chain((100..299).rev()).map(|n| (n, 7)).collect();
        assert_eq!(line(&back).strokes(), [[(0, 7), (299, 7), (100, 7)]]);
        let closed = [(0, 0), (100, 0), (100, 100), (0, 100), (0, 0)];
        assert_eq!(line(&closed).strokes(), [closed]);
    }

    proptest! {
        #[test]
        fn the_shape_stays_within_a_step_and_survives_its_text(
            stroke in prop::collection::vec((0..1024_u16, 0..1024_u16), 1..60),
        ) {
            let Ok(drawing) = Drawing::new(vec![stroke.clone()]) else {
                return Ok(());
            };
            prop_assert_eq!(drawing.to_string().parse(), Ok(drawing.clone()));
            let kept = &drawing.strokes()[0];
            for point in &stroke {
                let near = |pair: &[Point]| !is_off(*point, pair[0], pair[1]);
                prop_assert!(kept.windows(2).any(near));
            }
        }
    }
}
