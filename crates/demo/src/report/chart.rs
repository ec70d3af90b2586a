//! Line charts: the lines are SVG that stretches, the text around them is HTML that does not, so that it can be read on
//! a phone. Lines differ in their dashes, markers in their shapes: nothing is told by colour alone.

use std::fmt::Write as _;

use kedge_testbed::calendar;

/// Most points of a line; more would be less than a pixel each.
const MOST: usize = 700;
/// Edge of the plot's own coordinates.
const EDGE: f64 = 1_000.0;
/// Labels on the time axis that a phone has room for.
const TIMES: i64 = 5;

/// A line of a chart.
pub(super) struct Line {
    /// Name in the legend.
    pub name: String,
    /// Number of its colour and dashes in the style sheet.
    pub look: usize,
    /// Time (Unix seconds) and value.
    pub points: Vec<(i64, f64)>,
}

/// An event at a moment.
pub(super) struct Marker {
    /// Time, Unix seconds.
    pub time: i64,
    /// Value at which the marker is drawn.
    pub value: f64,
    /// Whether it is shown as ▲ rather than as ▼.
    pub up: bool,
}

/// A chart.
pub(super) struct Chart {
    /// Title above the chart.
    pub title: String,
    /// Unit of the values.
    pub unit: String,
    /// Description of the chart in words.
    pub about: String,
    /// The lines.
    pub lines: Vec<Line>,
    /// What the legend calls ▲ and ▼ where there are markers.
    pub marks: [&'static str; 2],
    /// Markers of events.
    pub markers: Vec<Marker>,
    /// Whether a line keeps its value until the next point.
    pub steps: bool,
}

impl Chart {
    /// A chart of lines.
    pub(super) fn of(title: String, unit: &str, about: String, lines: Vec<Line>) -> Self {
        Self { title, unit: unit.into(), about, lines, marks: [""; 2], markers: Vec::new(), steps: false }
    }

    /// The chart as a `figure`.
    pub(super) fn html(&self) -> String {
        let mut out = format!(
            "<figure><figcaption>{} <small>{}</small></figcaption><p class=\"about\">{}</p>",
            escape(&self.title),
            escape(&self.unit),
            escape(&self.about)
        );
        let points = || self.lines.iter().flat_map(|line| &line.points);
        let times = points().map(|(time, _)| *time);
        let (Some(first), Some(last)) = (times.clone().min(), times.max()) else {
            return out + "<p>no data</p></figure>";
        };
        let low = points().map(|(_, value)| *value).fold(f64::INFINITY, f64::min);
        let high = points().map(|(_, value)| *value).fold(f64::NEG_INFINITY, f64::max);
        let scale = Scale::new(first, last, low, high);
        out.push_str("<div class=\"plot\">");
        self.axes(&mut out, &scale);
        self.curves(&mut out, &scale);
        for marker in &self.markers {
            let _ = write!(
                out,
                "<span class=\"marker {}\" style=\"left:{:.2}%;top:{:.2}%\" aria-hidden=\"true\">{}</span>",
                if marker.up { "up" } else { "down" },
                scale.x(marker.time) / EDGE * 100.0,
                scale.y(marker.value) / EDGE * 100.0,
                glyph(marker.up)
            );
        }
        out.push_str("</div>");
        self.legend(&mut out, &scale);
        out + "</figure>"
    }

    fn axes(&self, out: &mut String, scale: &Scale) {
        for value in scale.ticks() {
            let y = scale.y(value) / EDGE * 100.0;
            let _ = write!(
                out,
                "<span class=\"y\" style=\"top:{y:.2}%\" aria-hidden=\"true\">{}</span>",
                number(value, scale.step)
            );
        }
        for time in scale.times() {
            let x = scale.x(time) / EDGE * 100.0;
            let _ = write!(
                out,
                "<span class=\"x\" style=\"left:{x:.2}%\" aria-hidden=\"true\">{}</span>",
                calendar::time(time).get(..5).unwrap_or_default()
            );
        }
    }

    fn curves(&self, out: &mut String, scale: &Scale) {
        let _ = write!(
            out,
            "<svg viewBox=\"0 0 {EDGE} {EDGE}\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{}\">",
            escape(&format!("{}. {}", self.title, self.about))
        );
        for value in scale.ticks() {
            let y = scale.y(value);
            let _ = write!(out, "<line class=\"grid\" x1=\"0\" x2=\"{EDGE}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>");
        }
        for time in scale.times() {
            let x = scale.x(time);
            let _ = write!(out, "<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"0\" y2=\"{EDGE}\"/>");
        }
        for line in &self.lines {
            let _ = write!(out, "<polyline class=\"look{}\" points=\"{}\"/>", line.look, self.path(line, scale));
        }
        out.push_str("</svg>");
    }

    /// A line's corners, thinned out.
    fn path(&self, line: &Line, scale: &Scale) -> String {
        let every = line.points.len().div_ceil(MOST).max(1);
        let mut path = String::new();
        let mut before: Option<f64> = None;
        for (time, value) in line.points.iter().step_by(every) {
            let (x, y) = (scale.x(*time), scale.y(*value));
            if let Some(level) = before.filter(|_| self.steps) {
                let _ = write!(path, "{x:.1},{level:.1} ");
            }
            let _ = write!(path, "{x:.1},{y:.1} ");
            before = Some(y);
        }
        path.trim_end().to_owned()
    }

    fn legend(&self, out: &mut String, scale: &Scale) {
        out.push_str("<ul class=\"legend\">");
        for line in &self.lines {
            let last = line.points.last().map_or(0.0, |(_, value)| *value);
            let _ = write!(
                out,
                "<li><svg class=\"swatch\" viewBox=\"0 0 36 8\" aria-hidden=\"true\"><line class=\"look{}\" x1=\"0\" \
                 x2=\"36\" y1=\"4\" y2=\"4\"/></svg>{} <b>{}</b> at the end</li>",
                line.look,
                escape(&line.name),
                number(last, scale.step / 10.0)
            );
        }
        for (up, mark) in [true, false].into_iter().zip(self.marks) {
            let count = self.markers.iter().filter(|marker| marker.up == up).count();
            if count > 0 {
                let class = if up { "up" } else { "down" };
                let _ = write!(out, "<li><span class=\"{class}\">{}</span> {mark}: {count}</li>", glyph(up));
            }
        }
        out.push_str("</ul>");
    }
}

fn glyph(up: bool) -> char {
    if up { '▲' } else { '▼' }
}

/// Maps times and values to the plot's coordinates.
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
        ((time - self.first) as f64 / (self.last - self.first) as f64 * EDGE).clamp(0.0, EDGE)
    }

    fn y(&self, value: f64) -> f64 {
        ((self.high - value) / (self.high - self.low) * EDGE).clamp(0.0, EDGE)
    }

    fn ticks(&self) -> Vec<f64> {
        let first = (self.low / self.step).ceil() as i64;
        let last = (self.high / self.step).floor() as i64;
        (first..=last).map(|index| index as f64 * self.step).collect()
    }

    /// Round times, few enough for a phone.
    fn times(&self) -> Vec<i64> {
        let span = self.last - self.first;
        let step = [60, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 86_400]
            .into_iter()
            .find(|step| span / step < TIMES)
            .unwrap_or(86_400 * 7);
        let from = self.first.div_euclid(step) * step;
        (from..=self.last).step_by(step as usize).filter(|time| *time >= self.first).collect()
    }
}

/// A number with the digits that are meaningful at a step, and groups of thousands.
pub(super) fn number(value: f64, step: f64) -> String {
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

/// Text with HTML's special characters escaped.
pub(super) fn escape(text: &str) -> String {
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

    fn chart(points: Vec<(i64, f64)>) -> Chart {
        let line = Line { name: "a < b".into(), look: 0, points };
        Chart::of("t".into(), "USD", "what it shows".into(), vec![line])
    }

    fn corners(html: &str) -> Vec<(f64, f64)> {
        let path = html.split("points=\"").nth(1).unwrap().split('"').next().unwrap();
        let number = |text: &str| text.parse::<f64>().unwrap();
        path.split(' ').map(|pair| pair.split_once(',').map(|(x, y)| (number(x), number(y))).unwrap()).collect()
    }

    #[test]
    fn a_chart_stays_inside_its_frame() {
        let points: Vec<(i64, f64)> = (0..5_000).map(|t| (t, ((t as f64) / 300.0).sin() * 7.0 + 100.0)).collect();
        let mut wave = chart(points);
        // Values beyond both ends, as a liquidation below the lowest mark is.
        wave.markers.push(Marker { time: 9_000, value: 1.0, up: true });
        wave.marks = ["shorts taken over", "longs taken over"];
        let html = wave.html();
        let corners = corners(&html);
        assert!(corners.len() <= MOST);
        assert!(corners.iter().all(|(x, y)| (0.0..=EDGE).contains(x) && (0.0..=EDGE).contains(y)));
        assert!(html.contains("a &lt; b") && html.contains("left:100.00%;top:100.00%"));
        assert!(html.contains("shorts taken over: 1") && !html.contains("longs taken over"));
        assert!(html.matches("class=\"x\"").count() <= 6);
    }

    #[test]
    fn steps_keep_their_value_until_the_next() {
        let mut stairs = chart(vec![(0, 0.0), (10, 1.0)]);
        stairs.steps = true;
        let corners = corners(&stairs.html());
        assert_eq!(corners.len(), 3);
        assert_eq!((corners[1].0, corners[1].1), (EDGE, corners[0].1));
    }

    #[test]
    fn nothing_is_said_to_be_nothing() {
        assert!(chart(vec![]).html().contains("no data"));
    }
}
