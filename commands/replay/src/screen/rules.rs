use std::borrow::Cow;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use kefu_traffic::gor::Record;
use regex::Regex;

use super::expression::{Assignment, Expression, scope};
use crate::{
    account::Reason,
    args::{FilterArgs, HeaderLine, HeaderPattern, HeaderRewrite, Parameter, Rewrite, Sample, SampleBy},
    head::EditedHead,
    message::Parts,
};

/// What requests must be, and what is changed in them: in the order in which it stands here, whatever the order of
/// the command line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    pub(crate) methods: Vec<String>,
    pub(crate) set_headers: Vec<HeaderLine>,
    pub(crate) set_params: Vec<Parameter>,
    pub(crate) only_urls: Vec<Regex>,
    pub(crate) not_urls: Vec<Regex>,
    pub(crate) only_hosts: Vec<Regex>,
    pub(crate) not_hosts: Vec<Regex>,
    pub(crate) only_headers: Vec<HeaderPattern>,
    pub(crate) not_headers: Vec<HeaderPattern>,
    /// For `name:password`, where the request has one.
    pub(crate) basic_auths: Vec<Regex>,
    pub(crate) samples: Vec<Sample>,
    pub(crate) conditions: Vec<Expression>,
    pub(crate) rewrite_urls: Vec<Rewrite>,
    pub(crate) rewrite_hosts: Vec<Rewrite>,
    pub(crate) rewrite_headers: Vec<HeaderRewrite>,
    pub(crate) assignments: Vec<Assignment>,
}

impl From<&FilterArgs> for Rules {
    fn from(args: &FilterArgs) -> Self {
        Self {
            methods: args.only_method.clone(),
            set_headers: args.set_header.clone(),
            set_params: args.set_param.clone(),
            only_urls: args.only_url.clone(),
            not_urls: args.not_url.clone(),
            only_hosts: args.only_host.clone(),
            not_hosts: args.not_host.clone(),
            only_headers: args.only_header.clone(),
            not_headers: args.not_header.clone(),
            basic_auths: Vec::new(),
            samples: args.sample.clone(),
            conditions: args.condition.clone(),
            rewrite_urls: args.rewrite_url.clone(),
            rewrite_hosts: args.rewrite_host.clone(),
            rewrite_headers: args.rewrite_header.clone(),
            assignments: args.assignment.clone(),
        }
    }
}

impl Rules {
    /// Whether everything passes unchanged.
    pub(crate) fn is_empty(&self) -> bool {
        let filters = self.methods.is_empty()
            && self.only_urls.is_empty()
            && self.not_urls.is_empty()
            && self.only_hosts.is_empty()
            && self.not_hosts.is_empty()
            && self.only_headers.is_empty()
            && self.not_headers.is_empty()
            && self.basic_auths.is_empty()
            && self.samples.is_empty()
            && self.conditions.is_empty();
        filters
            && self.set_headers.is_empty()
            && self.set_params.is_empty()
            && self.rewrite_urls.is_empty()
            && self.rewrite_hosts.is_empty()
            && self.rewrite_headers.is_empty()
            && self.assignments.is_empty()
    }

    /// Changes a request, or says why it does not pass.
    pub(super) fn request(&self, record: &mut Record) -> Result<(), Reason> {
        let parts = Parts::of(record).ok_or(Reason::Malformed)?;
        let (method, _) = parts.request().ok_or(Reason::Malformed)?;
        if !self.methods.is_empty() && !self.methods.iter().any(|wanted| wanted.eq_ignore_ascii_case(method))
        {
            return Err(Reason::Filter);
        }
        let mut head = EditedHead::of(parts.head_bytes);
        for HeaderLine { name, value } in &self.set_headers {
            head.set(name, value);
        }
        for Parameter { name, value } in &self.set_params {
            let target = with_param(&head.target(), name, value);
            head.set_target(&target);
        }
        self.passes(&head).then_some(()).ok_or(Reason::Filter)?;
        if !self.samples.iter().all(|sample| is_in_sample(sample, &head, &record.id)) {
            return Err(Reason::Sample);
        }
        if !self.conditions.is_empty() {
            let seen = scope(record, &head, &parts);
            for condition in &self.conditions {
                match condition.holds(&seen) {
                    Ok(true) => {}
                    Ok(false) => return Err(Reason::Filter),
                    Err(_) => return Err(Reason::Expression),
                }
            }
        }
        self.rewrite(&mut head);
        let mut body = Cow::Borrowed(parts.raw_body);
        if !self.assignments.is_empty() {
            let seen = scope(record, &head, &parts);
            for assignment in &self.assignments {
                assignment.apply(&seen, &mut head, &mut body).map_err(|_| Reason::Expression)?;
            }
        }
        if head.is_changed() {
            record.payload = [&head.bytes(), &*body].concat();
        }
        Ok(())
    }

    fn passes(&self, head: &EditedHead) -> bool {
        let any = |patterns: &[Regex], text: &str| patterns.iter().any(|pattern| pattern.is_match(text));
        let target = head.target();
        let host = head.header("host").unwrap_or_default();
        let matches = |rule: &HeaderPattern| {
            head.header(&rule.name).is_some_and(|value| !value.is_empty() && rule.pattern.is_match(&value))
        };
        (self.only_urls.is_empty() || any(&self.only_urls, &target))
            && !any(&self.not_urls, &target)
            && (self.only_hosts.is_empty() || any(&self.only_hosts, &host))
            && !any(&self.not_hosts, &host)
            && self.only_headers.iter().all(matches)
            && !self.not_headers.iter().any(matches)
            && basic_auth(head).is_none_or(|pair| self.basic_auths.iter().all(|rule| rule.is_match(&pair)))
    }

    fn rewrite(&self, head: &mut EditedHead) {
        let target = head.target().into_owned();
        if let Some(rule) = self.rewrite_urls.iter().find(|rule| rule.pattern.is_match(&target)) {
            head.set_target(&rule.pattern.replace_all(&target, &rule.text));
        }
        let host = head.header("host").map(Cow::into_owned).unwrap_or_default();
        if let Some(rule) = self.rewrite_hosts.iter().find(|rule| rule.pattern.is_match(&host)) {
            head.set("Host", &line(&rule.pattern.replace_all(&host, &rule.text)));
        }
        for HeaderRewrite { name, rewrite } in &self.rewrite_headers {
            let Some(value) = head.header(name).map(Cow::into_owned).filter(|value| !value.is_empty()) else {
                // goreplay looks no further, and so command lines may count on it.
                break;
            };
            let new = line(&rewrite.pattern.replace_all(&value, &rewrite.text));
            if new != value {
                head.set(name, &new);
            }
        }
    }
}

/// A value that ends no line.
fn line(value: &str) -> String {
    value.replace(['\r', '\n', '\0'], " ")
}

/// The name and password that a request has.
fn basic_auth(head: &EditedHead) -> Option<String> {
    let value = head.header("authorization")?;
    let encoded = value.strip_prefix("Basic ")?;
    String::from_utf8(BASE64_STANDARD.decode(encoded.trim()).ok()?).ok()
}

/// Whether a request is in a sample; one that does not have what it is told by is.
fn is_in_sample(sample: &Sample, head: &EditedHead, id: &str) -> bool {
    let value = match &sample.by {
        SampleBy::Id => Some(id.to_owned()),
        SampleBy::Header(name) => head.header(name).map(Cow::into_owned).filter(|value| !value.is_empty()),
        SampleBy::Param(name) => param(&head.target(), name).map(str::to_owned),
    };
    value.is_none_or(|value| fnv1a(value.as_bytes()) % 100 < sample.percent)
}

/// FNV-1a in 32 bits, by which goreplay makes its samples.
fn fnv1a(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

/// The value of a parameter of the query, as it stands there.
fn param<'a>(target: &'a str, name: &str) -> Option<&'a str> {
    let query = target.split_once('?')?.1;
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

/// A target with a parameter in place of the one of its name, or behind the others.
pub(super) fn with_param(target: &str, name: &str, value: &str) -> String {
    let pair = format!("{name}={value}");
    let Some((path, query)) = target.split_once('?') else { return format!("{target}?{pair}") };
    if param(target, name).is_none() {
        let separator = if query.is_empty() { "" } else { "&" };
        return format!("{path}?{query}{separator}{pair}");
    }
    let is_it = |known: &str| known.strip_prefix(name).is_some_and(|rest| rest.starts_with('='));
    let pairs: Vec<&str> =
        query.split('&').map(|known| if is_it(known) { pair.as_str() } else { known }).collect();
    format!("{path}?{}", pairs.join("&"))
}
