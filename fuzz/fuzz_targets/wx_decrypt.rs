//! Covered messages of WeChat, WeCom and Feishu from a stranger: taking the cover off never panics.

#![no_main]

use kefu_channel::{feishu_decrypt, wx_decrypt};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let key = b"abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
    drop(wx_decrypt(input, key, b"wx5823bf96d3bd56c7"));
    drop(wx_decrypt(b"jn1L23DB+6ELqJ+6bruv21Y6MD7KeIfP82D6gU39rmkg", input, b"id"));
    drop(feishu_decrypt(input, b"test key"));
});
