//! A configuration of the data layer from a stranger: reading it never panics, each mistake has a line of the file, and
//! what is right has a schema.

#![no_main]

use std::sync::Arc;

use futures_util::FutureExt as _;
use kefu_fuzz::Nothing;
use kefu_query::Engine;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|yaml: &str| {
    let opened = Engine::open_with(yaml, async |_kind, _settings| Ok(Arc::new(Nothing) as _)).now_or_never();
    match opened.expect("nothing is waited for") {
        Ok(engine) => assert!(engine.sdl().contains("type Query")),
        Err(error) => {
            assert!(!error.mistakes.is_empty());
            assert!(error.mistakes.iter().all(|mistake| mistake.line <= yaml.lines().count().max(1)));
        }
    }
});
