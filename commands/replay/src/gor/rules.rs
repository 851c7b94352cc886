//! Filters and changes, by the flags.

use kefu_app::Failure;

use super::given::{Flags, wrong};
use crate::{
    args::{Sample, SampleBy},
    screen::Rules,
};

pub(super) fn rules(flags: &Flags<'_>) -> Result<Rules, Failure> {
    let mut samples = Vec::new();
    for (name, by) in [
        ("http-header-limiter", SampleBy::Header as fn(String) -> SampleBy),
        ("http-param-limiter", SampleBy::Param),
    ] {
        for text in flags.all(name) {
            samples.push(sample(text, by).ok_or_else(|| wrong(name, text, "it is not like `name: 25%`"))?);
        }
    }
    Ok(Rules {
        methods: flags.all("http-allow-method").map(str::to_owned).collect(),
        set_headers: flags.each("http-set-header")?,
        set_params: flags.each("http-set-param")?,
        only_urls: flags.each("http-allow-url")?,
        not_urls: flags.each("http-disallow-url")?,
        only_headers: flags.each("http-allow-header")?,
        not_headers: flags.each("http-disallow-header")?,
        basic_auths: flags.each("http-basic-auth-filter")?,
        samples,
        rewrite_urls: flags.each("http-rewrite-url")?,
        rewrite_headers: flags.each("http-rewrite-header")?,
        ..Rules::default()
    })
}

/// Reads `name: 25%`, or `name: 1/4` as it was once.
fn sample(text: &str, by: fn(String) -> SampleBy) -> Option<Sample> {
    let (name, part) = text.split_once(':')?;
    let part = part.trim();
    let percent = match part.split_once('/') {
        Some((some, all)) => {
            let (some, all): (u32, u32) = (some.parse().ok()?, all.parse().ok()?);
            some.checked_mul(100)?.checked_div(all)?
        }
        None => part.strip_suffix('%')?.parse().ok()?,
    };
    (percent <= 100).then(|| Sample { by: by(name.trim().to_owned()), percent })
}
