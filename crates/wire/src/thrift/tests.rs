mod examples;
mod hostile;
mod properties;

use super::{Schema, StructId};
use crate::{Limits, MemoryLoader};

#[track_caller]
fn schema(text: &str) -> Schema {
    let loader = MemoryLoader::default().with("test.thrift", text);
    match super::idl::load(&loader, "test.thrift", &[], &Limits::default()) {
        Ok((schema, _)) => schema,
        Err(errors) => panic!("{errors}\n{text}"),
    }
}

#[track_caller]
fn find(schema: &Schema, name: &str) -> StructId {
    schema.find_struct(name).expect("the test defines it")
}
