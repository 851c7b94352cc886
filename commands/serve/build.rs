//! Packs the committed description of the interface, which the daemon serves.

use std::{env, fs, io::Write as _, path::PathBuf};

use flate2::{Compression, write::GzEncoder};

const DOCUMENT: &str = "../../docs/openapi.json";

fn main() {
    println!("cargo:rerun-if-changed={DOCUMENT}");
    println!("cargo:rerun-if-changed=build.rs");
    let target = PathBuf::from(env::var_os("OUT_DIR").expect("cargo names it")).join("openapi.json.gz");
    let text = fs::read(DOCUMENT).expect("docs/openapi.json is committed");
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&text).expect("memory takes everything");
    fs::write(target, encoder.finish().expect("memory takes everything"))
        .expect("cargo's own directory is writable");
}
