//! Recorded messages as other programs like them: lines of JSON, and HTTP Archive 1.2.

mod har;
mod lines;

pub(crate) use har::Archive;
pub(crate) use lines::line;
