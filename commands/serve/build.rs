//! Packs the committed description of the interface, and in builds with the data layer GraphiQL, which the daemon serves.

use std::{env, fs, io::Write as _, path::PathBuf};

use flate2::{Compression, write::GzEncoder};

const DOCUMENT: &str = "../../docs/openapi.json";

/// Where the files of GraphiQL are, and which.
const VENDORED: &str = "vendor/graphiql";
const VENDORED_FILES: [&str; 4] =
    ["graphiql.min.css", "graphiql.min.js", "react.production.min.js", "react-dom.production.min.js"];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    pack(DOCUMENT, "openapi.json");
    if env::var_os("CARGO_FEATURE_GRAPHQL").is_some() {
        for name in VENDORED_FILES {
            pack(&format!("{VENDORED}/{name}"), name);
        }
    }
}

fn pack(file: &str, name: &str) {
    println!("cargo:rerun-if-changed={file}");
    let target = PathBuf::from(env::var_os("OUT_DIR").expect("cargo names it")).join(format!("{name}.gz"));
    let text = fs::read(file).unwrap_or_else(|error| panic!("{file} is committed: {error}"));
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&text).expect("memory takes everything");
    fs::write(target, encoder.finish().expect("memory takes everything"))
        .expect("cargo's own directory is writable");
}
