//! Line charts as inline SVG.

use std::fmt::Write as _;

use crate::calendar;

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 84.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 28.0;
/// Points beyond this are thinned out: more than a point a pixel shows nothing.
const MOST: usize = 700;

/// One line.
pub struct Line {
    /// For the legend.
    pub name: String,
    /// Number of the colour, by the style sheet.
    pub colour: usize,
    /// Time (Unix seconds) and value.
    pub points: Vec<(i64, f64)>,
}

/// A chart.
pub struct Chart {
    /// Above it.
    pub title: String,
    /// What the values are.
    pub unit: &'static str,
    /// The lines.
    pub lines: Vec<Line>,
}

impl Chart {
    /// The chart as a `figure`.
    pub fn html(&self) -> String {
        let mut out = format!("<figure><figcaption>{} <small>{}</small></figcaption>", escape(&self.title), self.unit);
        let points = || self.lines.iter().flat_map(|line| &line.points);
        let times = points().map(|(time, _)| *time);
        let (Some(first), Some(last)) = (times.clone().min(), times.max()) else {
            return out + "<p>no data</p></figure>";
        };
        let low = points().map(|(_, value)| *value).fold(f64::INFINITY, f64::min);
        let high = points().map(|(_, value)| *value).fold(f64::NEG_INFINITY, f64::max);
        let scale = Scale::new(first, last, low, high);
        let _ =
            write!(out, "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">", escape(&self.title));
        for value in scale.ticks() {
            let y = scale.y(value);
            let _ = write!(
                out,
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                WIDTH - RIGHT,
                LEFT - 6.0,
                y + 4.0,
                number(value, scale.step)
            );
        }
        for time in scale.times() {
            let x = scale.x(time);
            let _ = write!(
                out,
                "<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{}\"/>\
                 <text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                HEIGHT - BOTTOM,
                HEIGHT - 8.0,
                &calendar::time(time)[..5]
            );
        }
        for line in &self.lines {
            let every = line.points.len().div_ceil(MOST).max(1);
            let path: Vec<String> = line
                .points
                .iter()
                .step_by(every)
                .map(|(time, value)| format!("{:.1},{:.1}", scale.x(*time), scale.y(*value)))
                .collect();
            let _ = write!(out, "<polyline class=\"c{}\" points=\"{}\"/>", line.colour, path.join(" "));
        }
        out.push_str("</svg><ul class=\"legend\">");
        for line in &self.lines {
            let last = line.points.last().map_or(0.0, |(_, value)| *value);
            let _ = write!(
                out,
                "<li><i class=\"c{}\"></i>{} <b>{}</b></li>",
                line.colour,
                escape(&line.name),
                number(last, scale.step / 10.0)
            );
        }
        out + "</ul></figure>"
    }
}

/// Values to pixels.
struct Scale {
    first: i64,
    last: i64,
    low: f64,
    high: f64,
    step: f64,
}

impl Scale {
    fn new(first: i64, last: i64, low: f64, high: f64) -> Self {
        let room = ((high - low) * 0.05).max(low.abs().max(high.abs()) * 1e-6).max(1e-9);
        let (low, high) = (low - room, high + room);
        let rough = (high - low) / 5.0;
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|nice| nice * power).into_iter().find(|step| *step >= rough);
        Self { first, last: last.max(first + 1), low, high, step: step.unwrap_or(rough) }
    }

    fn x(&self, time: i64) -> f64 {
        LEFT + (time - self.first) as f64 / (self.last - self.first) as f64 * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, value: f64) -> f64 {
        TOP + (self.high - value) / (self.high - self.low) * (HEIGHT - TOP - BOTTOM)
    }

    fn ticks(&self) -> Vec<f64> {
        let first = (self.low / self.step).ceil() as i64;
        let last = (self.high / self.step).floor() as i64;
        (first..=last).map(|index| index as f64 * self.step).collect()
    }

    /// Round times, at most about a dozen.
    fn times(&self) -> Vec<i64> {
        let span = self.last - self.first;
        let step = [60, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 86_400]
            .into_iter()
            .find(|step| span / step <= 12)
            .unwrap_or(86_400 * 7);
        let from = self.first.div_euclid(step) * step;
        (from..=self.last).step_by(step as usize).filter(|time| *time >= self.first).collect()
    }
}

/// A number with the digits that a step makes meaningful, and thin groups of thousands.
pub fn number(value: f64, step: f64) -> String {
    let digits = if step >= 1.0 { 0 } else { (-step.log10()).ceil().clamp(0.0, 8.0) as usize };
    let text = format!("{:.digits$}", value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if value < 0.0 && text.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) { "-" } else { "" };
    if fraction.is_empty() { format!("{sign}{grouped}") } else { format!("{sign}{grouped}.{fraction}") }
}

/// Text for HTML.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(number(1_234_567.891, 0.1), "1,234,567.9");
        assert_eq!(number(-0.004, 0.1), "0.0");
        assert_eq!(number(-1_000.0, 100.0), "-1,000");
        assert_eq!(number(0.000_25, 0.000_05), "0.00025");
    }

    #[test]
    fn a_chart_stays_inside_its_frame() {
        let points: Vec<(i64, f64)> = (0..5_000).map(|t| (t, ((t as f64) / 300.0).sin() * 7.0 + 100.0)).collect();
        let line = Line { name: "a < b".into(), colour: 0, points };
        let html = Chart { title: "t".into(), unit: "USD", lines: vec![line] }.html();
        let path = html.split("points=\"").nth(1).unwrap().split('"').next().unwrap();
        let pairs: Vec<(f64, f64)> = path
            .split(' ')
            .map(|pair| pair.split_once(',').map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap())).unwrap())
            .collect();
        assert!(pairs.len() <= MOST);
        assert!(pairs.iter().all(|(x, y)| (LEFT..=WIDTH - RIGHT).contains(x) && (TOP..=HEIGHT - BOTTOM).contains(y)));
        assert!(html.contains("a &lt; b"));
        let empty = Chart { title: "t".into(), unit: "", lines: vec![] }.html();
        assert!(empty.contains("no data"));
    }
}
