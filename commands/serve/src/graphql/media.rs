//! In which type an answer is written (GraphQL over HTTP, "Media Types").

use http::{HeaderMap, HeaderValue, header::ACCEPT};

/// The types that an answer can have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum MediaType {
    /// `application/json`: a status of 200 says nothing but that there is an answer.
    Json,
    /// `application/graphql-response+json`: the status says what became of the request.
    GraphqlResponse,
}

const GRAPHQL_RESPONSE: &str = "application/graphql-response+json";
const JSON: &str = "application/json";

impl MediaType {
    /// The type that a client wants; none when it takes neither.
    pub(super) fn wanted(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(ACCEPT).iter().peekable();
        if values.peek().is_none() {
            return Some(Self::Json);
        }
        let (mut graphql, mut json, mut any): (Option<f32>, Option<f32>, Option<f32>) = (None, None, None);
        for range in values.filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(',')) {
            let mut parts = range.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default().to_ascii_lowercase();
            let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |q| q.parse().ok());
            let weight: f32 = weight.unwrap_or(0.0);
            match name.as_str() {
                GRAPHQL_RESPONSE => graphql = Some(weight),
                JSON => json = Some(weight),
                "*/*" | "application/*" => any = Some(any.unwrap_or(0.0).max(weight)),
                _ => {}
            }
        }
        let json = json.or(any).unwrap_or(0.0);
        // Who takes anything may know nothing of the newer type.
        match graphql {
            Some(graphql) if graphql > 0.0 && graphql >= json => Some(Self::GraphqlResponse),
            _ if json > 0.0 => Some(Self::Json),
            Some(graphql) if graphql > 0.0 => Some(Self::GraphqlResponse),
            _ => None,
        }
    }

    /// As a header has it.
    pub(super) fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Json => "application/json; charset=utf-8",
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(accept: &[&'static str]) -> Option<MediaType> {
        let mut headers = HeaderMap::new();
        for value in accept {
            headers.append(ACCEPT, HeaderValue::from_static(value));
        }
        MediaType::wanted(&headers)
    }

    #[test]
    fn the_newer_type_is_for_those_who_name_it() {
        use MediaType::{GraphqlResponse, Json};
        for (accept, expected) in [
            (&[][..], Some(Json)),
            (&["*/*"], Some(Json)),
            (&["application/*;q=0.5"], Some(Json)),
            (&["application/graphql-response+json"], Some(GraphqlResponse)),
            (&["application/graphql-response+json, application/json;q=0.9"], Some(GraphqlResponse)),
            (
                &["application/graphql-response+json; charset=utf-8", "application/json"],
                Some(GraphqlResponse),
            ),
            (&["application/graphql-response+json;q=0.1, */*"], Some(Json)),
            (&["application/json;q=0, application/graphql-response+json"], Some(GraphqlResponse)),
            (&["text/html, */*;q=0.1"], Some(Json)),
            (&["text/html"], None),
            (&["application/json;q=0"], None),
            (&["application/json;q=x"], None),
        ] {
            assert_eq!(wanted(accept), expected, "{accept:?}");
        }
    }
}
