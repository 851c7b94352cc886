//! Gives the linker a library of the name that crate `pcap` asks for, with nothing in it: its functions are in this crate.

use std::{env, fs, path::PathBuf};

fn main() -> std::io::Result<()> {
    let folder = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    // An archive without members.
    fs::write(folder.join("libpcap.a"), b"!<arch>\n")?;
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-link-search=native={}", folder.display());
    Ok(())
}
