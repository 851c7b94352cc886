//! Events from whoever can tell something: reading them never panics, and what was read is written and read the same.

#![no_main]

use kefu_bus::Event;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|json: &[u8]| {
    if let Ok(event) = Event::from_json(json) {
        // An envelope that leaves out what we write may become too long.
        if let Ok(written) = event.to_json() {
            let again = Event::from_json(&written).expect("what is written can be read");
            assert_eq!((again.id, &again.topic, &again.key), (event.id, &event.topic, &event.key));
            assert_eq!(again.data.get(), event.data.get());
        }
    }
});
