//! Line charts as SVG: no script, no style from elsewhere, readable without colours.

use std::fmt::Write as _;

use super::html::escaped;

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 34.0;
/// More points than this cannot be told apart.
const POINTS: usize = 1500;

/// A chart.
pub(super) struct Chart<'a> {
    pub(super) title: &'a str,
    pub(super) x_label: &'a str,
    pub(super) lines: Vec<Line<'a>>,
    /// Marks on the x axis; none for even numbers.
    pub(super) x_marks: Vec<(f64, String)>,
}

/// A line in a chart; the first is drawn in the first colour, and so on.
pub(super) struct Line<'a> {
    pub(super) name: &'a str,
    pub(super) points: Vec<(f64, f64)>,
}

impl Chart<'_> {
    /// The chart with its legend, or nothing when there is nothing to show.
    pub(super) fn to_svg(&self) -> String {
        let points = || self.lines.iter().flat_map(|line| &line.points);
        let (x_max, y_max) =
            points().fold((0.0_f64, 0.0_f64), |(x, y), point| (x.max(point.0), y.max(point.1)));
        if points().count() < 2 || x_max <= 0.0 {
            return String::new();
        }
        let step = step(y_max);
        let y_top = (y_max / step).ceil().max(1.0) * step;
        let place = |x: f64, y: f64| {
            let x = LEFT + x / x_max * (WIDTH - LEFT - RIGHT);
            (x, HEIGHT - BOTTOM - y / y_top * (HEIGHT - TOP - BOTTOM))
        };
        let title = escaped(self.title);
        let mut out = format!(
            "<figure><figcaption>{title}</figcaption><svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{title}\">"
        );
        let mut draw = |part: std::fmt::Arguments<'_>| {
            let written = out.write_fmt(part);
            debug_assert!(written.is_ok(), "writing to a string does not fail");
        };
        for mark in 0..=(y_top / step).round() as u32 {
            let value = f64::from(mark) * step;
            let (_, y) = place(0.0, value);
            draw(format_args!(
                "<line class=\"grid\" x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{}\" y2=\"{y:.1}\"/>",
                WIDTH - RIGHT
            ));
            draw(format_args!(
                "<text x=\"{}\" y=\"{:.1}\" class=\"y\">{}</text>",
                LEFT - 6.0,
                y + 4.0,
                number(value)
            ));
        }
        for (x, label) in self.marks(x_max) {
            let (x, _) = place(x, 0.0);
            draw(format_args!(
                "<text x=\"{x:.1}\" y=\"{}\" class=\"x\">{}</text>",
                HEIGHT - BOTTOM + 16.0,
                escaped(&label)
            ));
        }
        let middle = f64::midpoint(LEFT, WIDTH - RIGHT);
        draw(format_args!(
            "<text x=\"{middle}\" y=\"{}\" class=\"x\">{}</text>",
            HEIGHT - 3.0,
            escaped(self.x_label)
        ));
        for (number, line) in self.lines.iter().enumerate() {
            draw(format_args!("<polyline class=\"line{number}\" points=\""));
            let every = line.points.len().div_ceil(POINTS).max(1);
            for (x, y) in line.points.iter().step_by(every) {
                let (x, y) = place(*x, *y);
                draw(format_args!("{x:.1},{y:.1} "));
            }
            draw(format_args!("\"/>"));
        }
        draw(format_args!("</svg><ul>"));
        for (number, line) in self.lines.iter().enumerate() {
            draw(format_args!("<li class=\"line{number}\">{}</li>", escaped(line.name)));
        }
        draw(format_args!("</ul></figure>\n"));
        out
    }

    fn marks(&self, x_max: f64) -> Vec<(f64, String)> {
        if !self.x_marks.is_empty() {
            return self.x_marks.clone();
        }
        let step = step(x_max);
        (0..=(x_max / step).floor() as u32)
            .map(|mark| f64::from(mark) * step)
            .map(|x| (x, number(x)))
            .collect()
    }
}

/// A round distance between marks, so that there are about five.
fn step(max: f64) -> f64 {
    if max <= 0.0 {
        return 1.0;
    }
    let rough = max / 5.0;
    let power = 10_f64.powf(rough.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .map(|factor| factor * power)
        .into_iter()
        .find(|step| *step >= rough)
        .unwrap_or(rough)
}

fn number(value: f64) -> String {
    if value >= 10_000.0 {
        format!("{}k", (value / 100.0).round() / 10.0)
    } else {
        format!("{}", (value * 1000.0).round() / 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round() {
        for (max, wanted) in
            [(5.0, 1.0), (7.0, 2.0), (23.0, 5.0), (0.9, 0.2), (51_000.0, 20_000.0), (0.0, 1.0)]
        {
            assert!((step(max) - wanted).abs() < wanted / 1e6, "{max}: {}", step(max));
        }
        assert_eq!(
            (number(12_500.0), number(0.25), number(3.0)),
            ("12.5k".into(), "0.25".into(), "3".into())
        );
    }

    #[test]
    fn nothing_to_show_is_no_chart() {
        let chart = |points: Vec<(f64, f64)>| {
            Chart { title: "a<b", x_label: "s", lines: vec![Line { name: "n", points }], x_marks: Vec::new() }
                .to_svg()
        };
        assert_eq!(chart(Vec::new()), "");
        assert_eq!(chart(vec![(0.0, 5.0)]), "");
        let svg = chart(vec![(0.0, 0.0), (1.0, 0.0)]);
        assert!(
            svg.contains("aria-label=\"a&lt;b\"") && !svg.contains("NaN") && !svg.contains("inf"),
            "{svg}"
        );
        let long = chart((0..100_000).map(|x| (f64::from(x), 1.0)).collect());
        assert!(long.len() < 50_000, "{}", long.len());
    }
}
