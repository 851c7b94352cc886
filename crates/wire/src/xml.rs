//! XML 1.0 with namespaces, without its dangers.
//!
//! No document type, no entity but the five predefined ones, no encoding but UTF-8, no prefix that is not declared,
//! and a limit on everything; quick-xml does the tokens.
//!
//! Sources: Extensible Markup Language 1.0 (fifth edition), Namespaces in XML 1.0 (third edition).

mod names;
mod reader;
mod tree;
mod writer;

#[cfg(test)]
mod tests;

pub use self::{
    names::is_ncname,
    reader::{Attribute, Binding, Event, Name, Reader},
    tree::{Child, Element, Text},
    writer::{escape_attribute, escape_text},
};

/// The namespace of the prefix `xml`.
pub const XML: &str = "http://www.w3.org/XML/1998/namespace";
/// The namespace of declarations themselves, which no prefix may be bound to.
pub const XMLNS: &str = "http://www.w3.org/2000/xmlns/";
