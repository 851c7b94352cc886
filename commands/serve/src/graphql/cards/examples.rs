//! Cards that are shipped, to begin with: each is for the data layer that docs/graphql.md builds up.

/// As `POST /cards` takes them, with the description of each.
pub(crate) const EXAMPLES: &str = include_str!("examples.json");

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::Value;

    use super::super::{CardView, Localized, view::check_variables};
    use super::*;

    #[test]
    fn examples_are_what_would_be_taken() {
        let examples: Vec<Value> = serde_json::from_str(EXAMPLES).unwrap();
        assert_eq!(examples.len(), 4);
        for example in examples {
            let view: CardView = serde_json::from_value(example["view"].clone()).unwrap();
            view.check().unwrap();
            let title: Localized = serde_json::from_value(example["title"].clone()).unwrap();
            title.check("title").unwrap();
            let variables: BTreeMap<_, _> = serde_json::from_value(example["variables"].clone()).unwrap();
            check_variables(&variables).unwrap();
        }
    }
}
