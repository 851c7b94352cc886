//! What the law asks for: erasures that leave nothing, and exports of all that is known of somebody.

mod erase;
mod export;
pub(crate) mod retention;

pub(crate) use erase::{Eraser, keep};
pub(crate) use export::{Export, beside};
pub(crate) use retention::{days, keep_no_longer, outdated};
