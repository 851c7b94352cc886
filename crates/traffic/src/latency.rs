use std::{fmt, time::Duration};

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// An hour: longer latencies count as this long.
const MAX_MICROS: u64 = 3_600_000_000;
/// Figures are right to one part in a thousand.
const SIGNIFICANT_DIGITS: u8 = 3;

/// How long events took, in an HDR histogram of microseconds.
#[derive(Clone)]
pub struct Latency {
    histogram: Histogram<u64>,
}

impl Default for Latency {
    fn default() -> Self {
        Self::new()
    }
}

impl Latency {
    /// Creates an empty histogram.
    pub fn new() -> Self {
        let histogram = Histogram::new_with_bounds(1, MAX_MICROS, SIGNIFICANT_DIGITS)
            .expect("the bounds and digits are constants that hdrhistogram takes");
        Self { histogram }
    }

    /// Counts one event that was due at `scheduled` and done at `done`; both from the start of the run.
    pub fn record(&mut self, scheduled: Duration, done: Duration) {
        self.record_duration(done.saturating_sub(scheduled));
    }

    /// Counts one event that took so long.
    pub fn record_duration(&mut self, duration: Duration) {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(MAX_MICROS);
        self.histogram.saturating_record(micros.min(MAX_MICROS));
    }

    /// Adds what another histogram counted.
    pub fn merge(&mut self, other: &Self) {
        self.histogram.add(&other.histogram).expect("all histograms here have the same bounds");
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.histogram.reset();
    }

    /// Events counted.
    pub fn count(&self) -> u64 {
        self.histogram.len()
    }

    /// The latency that `percent` of the events did not exceed, in milliseconds; 0 without events.
    pub fn percentile_ms(&self, percent: f64) -> f64 {
        millis(self.histogram.value_at_percentile(percent))
    }

    /// The longest latency in milliseconds; 0 without events.
    pub fn max_ms(&self) -> f64 {
        millis(self.histogram.max())
    }

    /// Each latency that was counted and how many events had it, in ascending order; milliseconds.
    pub fn counts_ms(&self) -> impl Iterator<Item = (f64, u64)> {
        self.histogram.iter_recorded().map(|step| (millis(step.value_iterated_to()), step.count_at_value()))
    }

    /// The usual figures.
    pub fn summary(&self) -> Summary {
        Summary {
            count: self.count(),
            min: millis(self.histogram.min()),
            mean: if self.count() == 0 { 0.0 } else { self.histogram.mean() / 1000.0 },
            p50: self.percentile_ms(50.0),
            p90: self.percentile_ms(90.0),
            p99: self.percentile_ms(99.0),
            p999: self.percentile_ms(99.9),
            max: self.max_ms(),
        }
    }
}

/// A text that holds no histogram of this crate.
#[cfg(feature = "exchange")]
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the histogram is damaged")]
pub struct Damaged;

/// What a histogram in the compressed format begins with.
#[cfg(feature = "exchange")]
const COMPRESSED: [u8; 4] = [0x1c, 0x84, 0x93, 0x14];
/// The longest text of a histogram; with three digits of any value there are fewer than 60,000 counts.
#[cfg(feature = "exchange")]
const TEXT_MAX: usize = 1 << 20;
/// The most that it is without compression.
#[cfg(feature = "exchange")]
const PLAIN_MAX: u64 = 640 << 10;

#[cfg(feature = "exchange")]
impl Latency {
    /// The histogram in the compressed format V2 of HdrHistogram, in base64: what stands in its logs.
    pub fn to_text(&self) -> String {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        use hdrhistogram::serialization::{Serializer as _, V2DeflateSerializer};

        let mut bytes = Vec::new();
        V2DeflateSerializer::new()
            .serialize(&self.histogram, &mut bytes)
            .expect("counts are below 2^63, and memory takes what is written");
        STANDARD.encode(bytes)
    }

    /// Reads what [`Self::to_text`] writes; what would be larger than any such text is none.
    ///
    /// # Errors
    ///
    /// It is none.
    pub fn from_text(text: &str) -> Result<Self, Damaged> {
        use std::io::Read as _;

        use base64::{Engine as _, engine::general_purpose::STANDARD};
        use flate2::read::ZlibDecoder;
        use hdrhistogram::serialization::Deserializer;

        if text.len() > TEXT_MAX {
            return Err(Damaged);
        }
        let bytes = STANDARD.decode(text.trim()).map_err(|_| Damaged)?;
        let (cookie, compressed) = bytes.split_at_checked(8).ok_or(Damaged)?;
        let mut plain = Vec::new();
        ZlibDecoder::new(compressed).take(PLAIN_MAX + 1).read_to_end(&mut plain).map_err(|_| Damaged)?;
        // What it says of its size is believed when it is read, and memory made for that: it must be true.
        let word = |at: usize| plain.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes);
        let (len, digits) = (word(4).ok_or(Damaged)?, word(12).ok_or(Damaged)?);
        let is_true = cookie.starts_with(&COMPRESSED)
            && plain.len() as u64 <= PLAIN_MAX
            && len as usize <= plain.len()
            && digits <= u32::from(SIGNIFICANT_DIGITS);
        if !is_true {
            return Err(Damaged);
        }
        let read: Histogram<u64> =
            Deserializer::new().deserialize(&mut plain.as_slice()).map_err(|_| Damaged)?;
        let mut latency = Self::new();
        // A histogram of other bounds is one for all that.
        latency.histogram.add(&read).map_err(|_| Damaged)?;
        Ok(latency)
    }
}

impl fmt::Debug for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Latency").field(&self.summary()).finish()
    }
}

fn millis(micros: u64) -> f64 {
    micros as f64 / 1000.0
}

/// The usual figures of a histogram, in milliseconds.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Summary {
    /// Events counted.
    pub count: u64,
    /// The shortest.
    pub min: f64,
    /// The mean.
    pub mean: f64,
    /// The median.
    pub p50: f64,
    /// What 90 % did not exceed.
    pub p90: f64,
    /// What 99 % did not exceed.
    pub p99: f64,
    /// What 99.9 % did not exceed.
    pub p999: f64,
    /// The longest.
    pub max: f64,
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    #[test]
    fn without_events_everything_is_zero() {
        assert_eq!(Latency::new().summary(), Summary::default());
    }

    #[test]
    fn latency_counts_from_the_schedule_and_never_below_it() {
        let mut latency = Latency::new();
        latency.record(Duration::from_millis(10), Duration::from_millis(14));
        latency.record(Duration::from_millis(10), Duration::from_millis(9));
        let summary = latency.summary();
        assert_eq!((summary.count, summary.min), (2, 0.0));
        assert!((summary.max - 4.0).abs() < 0.01, "{summary:?}");
    }

    #[test]
    fn what_never_ends_counts_as_an_hour() {
        let mut latency = Latency::new();
        latency.record_duration(Duration::MAX);
        let hour = 3_600_000.0;
        assert!((latency.max_ms() - hour).abs() / hour < 0.001);
    }

    fn of(micros: &[u64]) -> Latency {
        let mut latency = Latency::new();
        for &micros in micros {
            latency.record_duration(Duration::from_micros(micros));
        }
        latency
    }

    #[cfg(feature = "exchange")]
    #[test]
    fn what_is_no_histogram_is_refused() {
        for text in ["", "HISTFAAA", "AAAA", "no base64!"] {
            assert!(Latency::from_text(text).is_err(), "{text}");
        }
    }

    /// A text of a histogram whose head is changed at a place.
    #[cfg(feature = "exchange")]
    fn lying(at: usize, word: u32, more: usize) -> String {
        use std::io::{Read as _, Write as _};

        use base64::{Engine as _, engine::general_purpose::STANDARD};
        use flate2::{Compression, read::ZlibDecoder, write::ZlibEncoder};

        let bytes = STANDARD.decode(of(&[7, 70_000]).to_text()).unwrap();
        let mut plain = Vec::new();
        ZlibDecoder::new(&bytes[8..]).read_to_end(&mut plain).unwrap();
        plain[at..at + 4].copy_from_slice(&word.to_be_bytes());
        plain.resize(plain.len() + more, 0);
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&plain).unwrap();
        let compressed = encoder.finish().unwrap();
        let len = u32::try_from(compressed.len()).unwrap().to_be_bytes();
        STANDARD.encode([&bytes[..4], &len, &compressed].concat())
    }

    #[cfg(feature = "exchange")]
    #[test]
    fn what_a_text_says_of_its_size_takes_no_memory() {
        assert!(Latency::from_text(&lying(8, 0, 0)).is_ok(), "nothing changed");
        for (at, word, more) in [(4, u32::MAX, 0), (4, 1 << 20, 0), (12, 5, 0), (8, 0, 1 << 20)] {
            assert!(Latency::from_text(&lying(at, word, more)).is_err(), "{word} at {at}");
        }
        assert!(Latency::from_text(&"A".repeat(2 << 20)).is_err());
    }

    proptest! {
        #[cfg(feature = "exchange")]
        #[test]
        fn histograms_come_back_from_text(micros in vec(0..4_000_000_000_u64, 0..100), text in "HIST[A-Za-z0-9+/]{0,80}") {
            let latency = of(&micros);
            prop_assert_eq!(Latency::from_text(&latency.to_text()).unwrap().summary(), latency.summary());
            // Whatever it is: it does not panic.
            drop(Latency::from_text(&text));
        }

        #[test]
        fn percentiles_are_right_to_a_thousandth(mut micros in vec(1..10_000_000_u64, 1..300)) {
            let latency = of(&micros);
            micros.sort_unstable();
            for percent in [50.0, 90.0, 99.0, 99.9, 100.0] {
                let rank = ((percent / 100.0 * micros.len() as f64).ceil() as usize).max(1);
                let exact = micros[rank - 1] as f64 / 1000.0;
                let read = latency.percentile_ms(percent);
                prop_assert!((read - exact).abs() <= exact / 1000.0 + 0.001, "p{percent}: {read} {exact}");
            }
        }

        #[test]
        fn merging_is_counting_together(a in vec(0..10_000_000_u64, 0..100), b in vec(0..10_000_000_u64, 0..100)) {
            let mut merged = of(&a);
            merged.merge(&of(&b));
            prop_assert_eq!(merged.summary(), of(&[a, b].concat()).summary());
        }
    }
}
