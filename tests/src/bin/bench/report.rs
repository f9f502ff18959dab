//! The figures: a table for people, JSON for programs.

use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use crate::Anything;
use crate::machine::Machine;

/// What a figure should be.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Target {
    /// At most this.
    AtMost(f64),
    /// At least this.
    AtLeast(f64),
}

#[derive(Debug, Serialize)]
struct Figure {
    benchmark: &'static str,
    name: String,
    value: f64,
    unit: &'static str,
    target: Option<Target>,
    met: Option<bool>,
}

/// All figures of a run.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    machine: Machine,
    quick: bool,
    figures: Vec<Figure>,
}

impl Report {
    pub(crate) fn new(machine: Machine, quick: bool) -> Self {
        Self {
            machine,
            quick,
            figures: Vec::new(),
        }
    }

    /// Notes a figure that has a target.
    pub(crate) fn aimed(
        &mut self,
        benchmark: &'static str,
        name: impl Into<String>,
        value: f64,
        unit: &'static str,
        target: Option<Target>,
    ) {
        let met = target.map(|target| match target {
            Target::AtMost(most) => value <= most,
            Target::AtLeast(least) => value >= least,
        });
        self.figures.push(Figure {
            benchmark,
            name: name.into(),
            value,
            unit,
            target,
            met,
        });
    }

    /// Notes a figure that has none.
    pub(crate) fn plain(
        &mut self,
        benchmark: &'static str,
        name: impl Into<String>,
        value: f64,
        unit: &'static str,
    ) {
        self.aimed(benchmark, name, value, unit, None);
    }

    pub(crate) fn print(&self) {
        println!("\n{}", self.machine);
        if self.quick {
            println!("A quick run: the figures say little.");
        }
        let widest = self
            .figures
            .iter()
            .map(|figure| figure.name.chars().count());
        let width = widest.max().unwrap_or(0);
        println!(
            "\n{:<8} {:<width$} {:>10} {:<6} {:>11}",
            "", "figure", "value", "", "target"
        );
        for figure in &self.figures {
            let target = match figure.target {
                None => String::new(),
                Some(Target::AtMost(most)) => format!("<= {}", number(most)),
                Some(Target::AtLeast(least)) => format!(">= {}", number(least)),
            };
            let word = match figure.met {
                None => "",
                Some(true) => "ok",
                Some(false) => "missed",
            };
            let line = format!(
                "{:<8} {:<width$} {:>10} {:<6} {target:>11} {word}",
                figure.benchmark,
                figure.name,
                number(figure.value),
                figure.unit,
            );
            println!("{}", line.trim_end());
        }
    }

    pub(crate) fn write(&self, path: &Path) -> Anything<()> {
        Ok(std::fs::write(path, serde_json::to_string_pretty(self)?)?)
    }
}

/// Three figures that say something, or the whole number.
fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => {
            let digits = format!("{value:.0}");
            let mut grouped = String::new();
            for (place, digit) in digits.chars().enumerate() {
                if place > 0 && (digits.len() - place).is_multiple_of(3) {
                    grouped.push(' ');
                }
                grouped.push(digit);
            }
            grouped
        }
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// The middle one.
pub(crate) fn median(values: &[f64]) -> f64 {
    percentile(values, 50)
}

/// The value that so many in a hundred do not exceed.
pub(crate) fn percentile(values: &[f64], percent: usize) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let rank = (values.len() * percent).div_ceil(100).max(1);
    values.get(rank - 1).copied().unwrap_or(f64::NAN)
}

pub(crate) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Kilobytes of 1000 bytes.
pub(crate) fn kilobytes(bytes: u64) -> f64 {
    bytes as f64 / 1000.0
}
