//! Histograms as text, from one process to the other.

use kefu_traffic::Latency;
use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

pub(crate) fn serialize<S: Serializer>(latency: &Latency, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&latency.to_text())
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Latency, D::Error> {
    Latency::from_text(&String::deserialize(from)?).map_err(D::Error::custom)
}
