//! What routes say of themselves; the description of the whole interface is `docs/openapi.json`.

#[cfg(test)]
pub(super) mod document;

use std::collections::BTreeMap;

use utoipa::{
    IntoResponses,
    openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder, response::Response},
};

/// What any route may answer.
pub(super) struct OpenErrors;

/// What a route may answer that is for those who have signed in.
pub(super) struct SignedErrors;

impl IntoResponses for OpenErrors {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[
            ("400", "Malformed; `field` names what is to blame"),
            ("403", "Not allowed to this caller or from this page"),
            ("404", "No such thing"),
            ("413", "A field or the body is over its limit"),
            ("429", "Too many requests; see `Retry-After`"),
            ("503", "Not possible now; see `Retry-After`"),
        ])
    }
}

impl IntoResponses for SignedErrors {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut responses = OpenErrors::responses();
        responses.extend(problems(&[
            ("401", "Not signed in"),
            ("404", "No such thing, or none that the caller may know of"),
            ("409", "The state or an earlier request contradicts this one"),
        ]));
        responses
    }
}

fn problems(causes: &[(&str, &str)]) -> BTreeMap<String, RefOr<Response>> {
    let problem = |description: &str| {
        let schema = Ref::from_schema_name("Problem");
        let content = ContentBuilder::new().schema(Some(schema)).build();
        ResponseBuilder::new().description(description).content("application/problem+json", content).build()
    };
    causes.iter().map(|(status, cause)| ((*status).to_owned(), RefOr::T(problem(cause)))).collect()
}
