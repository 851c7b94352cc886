use std::time::Duration;

/// Longest length of time: what a schedule counts in microseconds still fits a message.
const MAX: Duration = Duration::from_secs(24 * 3600);

/// Reads a length of time from a command line: `500ms`, `30s`, `5m`, `1h`.
///
/// # Errors
///
/// It is none, or longer than a day.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let seconds = match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err("a length of time is a number and ms, s, m or h, such as 30s".into()),
    };
    let number: f64 = number.parse().map_err(|_| format!("`{number}` is no number"))?;
    match Duration::try_from_secs_f64(number * seconds) {
        Ok(duration) if duration <= MAX => Ok(duration),
        _ => Err("the longest time is 24h".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time() {
        assert_eq!(parse_duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_duration("1.5s"), Ok(Duration::from_millis(1500)));
        assert_eq!(parse_duration("30m"), Ok(Duration::from_secs(1800)));
        assert_eq!(parse_duration("24h"), Ok(MAX));
        for bad in ["", "5", "s", "-1s", "1.2.3s", "25h", "1d", "9e9s", "99999999999999999999h"] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
    }
}
