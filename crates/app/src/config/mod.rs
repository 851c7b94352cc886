//! Configuration in layers: defaults, the YAML file, `KEFU_*` variables, flags; the later wins.
//!
//! A command declares its section with [`settings!`](crate::settings): one declaration gives the struct, its
//! defaults, the names of the variables, the annotated example and the effective view. Every value is text until
//! its own type reads it, so that all layers complain in the same words.

mod groups;
mod quantities;
mod setting;
mod values;
mod yaml;

mod effective;
mod flags;
mod layers;
mod render;
mod variables;

pub use effective::{Effective, Format, Origin};
pub use flags::Flags;
pub use groups::{Groups, Named};
pub use layers::{Layers, load_file, load_text};
pub use quantities::ByteSize;
pub use render::example_yaml;
pub use setting::{Field, Raw, Scalar, ScalarKind, Setting, Shape, Shown};
pub use values::Secret;
pub use variables::variable_name;
pub use yaml::MAX_FILE_BYTES;

#[doc(hidden)]
pub use values::{choice_name, choices, choose, wrong_type, wrong_value};

#[cfg(test)]
mod tests;
