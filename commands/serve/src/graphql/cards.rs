//! Cards of the details column: a query of the data layer, filled in from a conversation, and how its answer is shown.

mod examples;
mod operation;
mod values;
mod view;

pub(crate) use examples::EXAMPLES;
pub(crate) use operation::Operation;
pub(crate) use values::{Given, SOURCES, Subject};
pub(crate) use view::{ActionView, CardView, Localized, QUERY_BYTES, check_variables};
