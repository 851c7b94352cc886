//! Chat services described by a file: how their requests are verified, read and answered, and how messages are sent.
//!
//! A [`Channel`] is made from a `channel.yaml` by [`Channel::load`]. It turns what a service posts into [`Inbound`]
//! messages ([`Channel::receive`]), and an agent's [`Outbound`] message into the requests that deliver it
//! ([`Channel::send`]). `docs/channels.md` describes the file.
//!
//! *Invariant:* nothing of a request is believed before its signature is; signatures cover the bytes as they came. A
//! request is made only to a host that the file names. Secrets are named by the file and given by the caller.

mod amend;
mod body;
mod crypto;
mod draft;
mod error;
mod expression;
mod file;
mod lint;
mod load;
mod mapping;
mod mock;
mod model;
mod receive;
mod redirect;
mod reference;
mod respond;
mod send;
mod shipped;
mod sign;
mod system;
mod template;
mod url;
mod vectors;
mod verify;

pub use self::{
    amend::Amendment,
    crypto::{feishu_decrypt, wx_decrypt},
    draft::draft,
    error::{Fault, FaultKind},
    file::{Kind, Method},
    lint::lint,
    load::{Channel, FileError},
    mock::{Acted, Mock},
    model::{
        Fetched, Given, HttpRequest, HttpResponse, Inbound, Location, Media, Next, Outbound, Pull, Pulled,
        Received, Refusal, Refused, Reply, Request, Sender, Token, Tokens, Verdict, Window,
    },
    redirect::{REDIRECT_SETTING, redirected},
    respond::Answered,
    shipped::{SHIPPED, shipped},
    sign::{Plain, Seed, Signed},
    template::{Scope, Template, read_file, wrong_at},
    vectors::{Report, Verdicts},
};

#[cfg(test)]
mod tests;
