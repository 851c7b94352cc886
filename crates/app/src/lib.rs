//! What every `kefu` command is given by its host: configuration layers, logs, the stop signal, exit codes,
//! the user's language and one way to fail.
//!
//! kefu-app knows no domain: it has never heard of a conversation, a store or a socket. A command describes its
//! own section of the configuration with [`settings!`] and loads it with [`App::load`].

mod app;
mod config;
mod duration;
mod exit;
mod failure;
mod file_tree;
mod language;
mod logs;
mod memory;
mod stop;
mod usage;

pub use app::{App, GlobalArgs};
pub use config::{
    ByteSize, Effective, Field, Flags, Format, Groups, Layers, MAX_FILE_BYTES, Named, Origin, Raw, Scalar,
    ScalarKind, Secret, Setting, Shape, Shown, example_yaml, load_file, load_text, variable_name,
};
#[doc(hidden)]
pub use config::{choice_name, choices, choose, wrong_type, wrong_value};
pub use duration::parse_duration;
pub use exit::Exit;
pub use failure::Failure;
pub use file_tree::{FileTree, FileTreeError};
pub use language::{Language, Text};
pub use logs::{LogFormat, LogSettings};
pub use memory::give_back_memory;
pub use stop::{Stop, StopHandle};
pub use usage::usage_failure;
