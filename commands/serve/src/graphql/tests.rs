//! `/graphql` over kefu's own records and over sources of these tests.

mod cards;
mod feeds;
mod http;
mod office;

pub(crate) use cards::cases;
