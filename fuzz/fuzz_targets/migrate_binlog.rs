//! Events of a binary log, and rows in them: no bytes make reading panic, hang or grow.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| kefu_migrate::fuzz_binary_log(bytes));
