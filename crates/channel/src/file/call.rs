//! Requests that a file describes.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Backoff, Method};
use crate::expression::{Condition, Node};

/// What all described requests have.
#[derive(Clone, Copy)]
pub(in super::super) struct Call<'f> {
    pub(in super::super) method: Method,
    pub(in super::super) url: &'f Node,
    pub(in super::super) query: &'f BTreeMap<String, Node>,
    pub(in super::super) headers: &'f BTreeMap<String, Node>,
    pub(in super::super) body: Body<'f>,
    pub(in super::super) ok: Option<&'f Condition>,
    pub(in super::super) refresh_token_on: Option<&'f Condition>,
}

/// What a request has as its body.
#[derive(Clone, Copy)]
pub(in super::super) enum Body<'f> {
    Empty,
    Json(&'f Node),
    Form(&'f BTreeMap<String, Node>),
    Multipart(&'f Multipart),
    Text(&'f Node),
    Call(&'f Invocation),
}

/// A call of a system that speaks SOAP or Thrift.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct Invocation {
    /// The operation or the function.
    pub(in super::super) method: String,
    /// Its arguments.
    #[serde(default)]
    pub(in super::super) arguments: Option<Node>,
}

/// A body of parts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct Multipart {
    /// The name of the part with the message's file.
    pub(in super::super) file: String,
    /// The other parts.
    #[serde(default)]
    pub(in super::super) fields: BTreeMap<String, Node>,
}

/// Declares a described request with keys of its own. Serde's `flatten` would lose lines of errors.
macro_rules! calls {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(in super::super) struct $name {
            /// Address of a GET.
            #[serde(default)]
            get: Option<Node>,
            /// Address of a POST.
            #[serde(default)]
            post: Option<Node>,
            /// Address of a PUT.
            #[serde(default)]
            put: Option<Node>,
            /// Address of a PATCH.
            #[serde(default)]
            patch: Option<Node>,
            /// Address of a DELETE.
            #[serde(default)]
            delete: Option<Node>,
            /// Parameters of the address; they are encoded.
            #[serde(default)]
            query: BTreeMap<String, Node>,
            /// Headers.
            #[serde(default)]
            headers: BTreeMap<String, Node>,
            /// A body of JSON.
            #[serde(default)]
            json: Option<Node>,
            /// A body like `a=1&b=2`.
            #[serde(default)]
            form: Option<BTreeMap<String, Node>>,
            /// A body of parts, one of which is the file.
            #[serde(default)]
            multipart: Option<Multipart>,
            /// A body that is a text.
            #[serde(default)]
            text: Option<Node>,
            /// A body that is a call, by what `schema` names.
            #[serde(default)]
            call: Option<Invocation>,
            /// What says that it worked, besides a status of 2xx.
            #[serde(default)]
            ok: Option<Condition>,
            /// What says that its tokens are no longer good.
            #[serde(default)]
            refresh_token_on: Option<Condition>,
            $($(#[$field_meta])* pub(in super::super) $field: $type,)*
        }

        impl $name {
            /// What it has like all others.
            pub(in super::super) fn call(&self) -> Result<Call<'_>, &'static str> {
                let addresses = [
                    (Method::Get, &self.get),
                    (Method::Post, &self.post),
                    (Method::Put, &self.put),
                    (Method::Patch, &self.patch),
                    (Method::Delete, &self.delete),
                ];
                let mut addresses = addresses.into_iter().filter_map(|(method, url)| Some((method, url.as_ref()?)));
                let ((method, url), None) = (addresses.next().ok_or(ONE_ADDRESS)?, addresses.next()) else {
                    return Err(ONE_ADDRESS);
                };
                let bodies = [
                    self.json.as_ref().map(Body::Json),
                    self.form.as_ref().map(Body::Form),
                    self.multipart.as_ref().map(Body::Multipart),
                    self.text.as_ref().map(Body::Text),
                    self.call.as_ref().map(Body::Call),
                ];
                let mut bodies = bodies.into_iter().flatten();
                let body = bodies.next().unwrap_or(Body::Empty);
                if bodies.next().is_some() || (method == Method::Get && !matches!(body, Body::Empty)) {
                    return Err(ONE_BODY);
                }
                let (query, headers) = (&self.query, &self.headers);
                let (ok, refresh_token_on) = (self.ok.as_ref(), self.refresh_token_on.as_ref());
                Ok(Call { method, url, query, headers, body, ok, refresh_token_on })
            }
        }
    )*};
}

const ONE_ADDRESS: &str = "a request has one of get, post, put, patch and delete";
const ONE_BODY: &str =
    "a request has at most one of json, form, multipart, text and call, and a get has none";

calls! {
    /// How a message of a kind is sent.
    Send {
        /// The service's name for the message, of its answer.
        #[serde(default)]
        id: Option<Node>,
        /// What says that the service has the message already, whatever the status.
        #[serde(default)]
        already: Option<Condition>,
        /// When to try again.
        #[serde(default)]
        retry: Retry,
        /// How long a text may be before it becomes several messages.
        #[serde(default)]
        split: Option<Split>,
        /// How the file goes there first.
        #[serde(default)]
        upload: Option<Upload>,
    }

    /// How a file goes to the service before the message does.
    Upload {
        /// What the request of the message sees as `msg.uploaded`, of the answer.
        value: Node,
    }

    /// How the service is told of a change of a message.
    Amend {
        /// What says that the service has it so already, whatever the status.
        #[serde(default)]
        already: Option<Condition>,
        /// When to try again.
        #[serde(default)]
        retry: Retry,
    }

    /// What is asked to find out whether the values are good.
    Test {}

    /// How a value is got that requests need.
    TokenCall {
        /// The value, of the answer.
        value: Node,
        /// For how many seconds it is good, of the answer or fixed.
        ttl: Node,
    }

    /// A step on the way to a file's bytes.
    Fetch {
        /// What the next step sees as `step`; the step without this one answers with the bytes.
        #[serde(default)]
        value: Option<Node>,
    }

    /// How a list of messages is fetched.
    Poll {
        /// Where to go on, of the answer.
        cursor: Node,
        /// Whether there is more now.
        #[serde(default)]
        more: Option<Condition>,
        /// How often to look without having been told.
        #[serde(default)]
        every: Option<super::Span>,
    }
}

/// When to try again.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in super::super) struct Retry {
    /// What says so; without this, a status of 429 or 5xx.
    pub(in super::super) on: Option<Condition>,
    /// How many times in all.
    pub(in super::super) tries: u32,
    /// How long to wait: from, to, doubling; `Retry-After` of the answer counts more.
    pub(in super::super) backoff: Backoff,
}

impl Default for Retry {
    fn default() -> Self {
        Self { on: None, tries: 5, backoff: Backoff { from_ms: 1_000, to_ms: 60_000 } }
    }
}

/// How long a text may be before it becomes several messages.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct Split {
    /// Bytes of UTF-8.
    #[serde(default)]
    pub(in super::super) max_bytes: Option<usize>,
    /// Characters.
    #[serde(default)]
    pub(in super::super) max_chars: Option<usize>,
}
