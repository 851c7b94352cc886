//! What uploaded files are: the body that brings them, their types, what archives and pictures say of themselves.
//!
//! Nothing here is decoded or inflated. Headers and tables are read with bounds, and pictures are copied without the
//! parts that are not the picture.
//!
//! *Invariants:* this crate knows no file system, socket, clock or task: it reads what it is given. It takes memory
//! that does not grow with the size of a file, and time in proportion to it.

mod inspect;
mod media_type;
mod multipart;
mod name;
mod picture;
mod scan;
mod sniff;
mod zip;

pub use inspect::{Finding, MediaError, MediaLimits, inspect};
pub use media_type::{Family, MediaType, UnknownMediaType};
pub use multipart::{Event, Multipart, MultipartError, Part};
pub use name::{NAME_BYTES_MAX, clean_name};
pub use picture::Picture;
