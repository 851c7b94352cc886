//! What several targets need.

use futures_util::FutureExt as _;
use kefu_query::{Abilities, Call, Fetch, Fetching, Rows, Source, Target};

/// A source that is able to do everything and has nothing.
pub struct Nothing;

impl Source for Nothing {
    fn abilities(&self, target: &Target) -> Abilities {
        let all: Vec<usize> = (0..target.columns.len()).collect();
        Abilities {
            lists: true,
            filters: all.clone(),
            sorts: all.clone(),
            limits: true,
            keys: all.into_iter().map(|column| (column, 500)).collect(),
            limits_per_key: true,
            counts: true,
            is_idempotent: true,
        }
    }

    fn fetch<'a>(&'a self, _fetch: &'a Fetch) -> Fetching<'a> {
        async { Ok(Rows::default()) }.boxed()
    }

    fn call<'a>(&'a self, _call: &'a Call) -> Fetching<'a> {
        async { Ok(Rows::default()) }.boxed()
    }

    fn native(&self, _fetch: &Fetch) -> Option<String> {
        None
    }
}
