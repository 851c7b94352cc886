//! Answers that a file takes for good ones.

use serde_json::{Map, Value as Json, json};

use super::{Mock, Step, json_answer};
use crate::{
    Given, HttpResponse, Outbound,
    expression::{Condition, Node},
    file::{Body, Call},
};

/// Members of an answer that are tried out, and values for each.
const MEMBERS_MAX: usize = 4;
const VALUES_MAX: usize = 10;

impl Mock {
    /// An answer to a request that the channel takes for a good one: an example's, or one that is made up.
    pub(super) fn good_answer(
        &self,
        step: Step<'_>,
        call: &Call<'_>,
        given: &Given,
        now_ms: i64,
    ) -> Option<(&'static str, Vec<u8>)> {
        let channel = &*self.channel;
        let message = |kind| Outbound { kind, ..Outbound::default() };
        let is_good = |answer: &HttpResponse| match step {
            Step::Token(name) => channel.token(name, Ok(answer), given, 1, now_ms).is_ok(),
            Step::Upload(kind) => channel.uploaded(&message(kind), Ok(answer), given, 1).is_ok(),
            Step::Send(kind) => channel.sent(&message(kind), Ok(answer), given, 1).is_ok(),
            Step::Amend(amendment) => channel.amended(amendment, Ok(answer), given, 1).is_ok(),
            Step::Check => channel.checked(Ok(answer), given).is_ok(),
            Step::Fetch(index) => channel.fetched(index, Ok(answer), given, 1).is_ok(),
            Step::Pull => false,
        };
        let is_id = |answer: &HttpResponse| match step {
            Step::Send(kind) => matches!(channel.sent(&message(kind), Ok(answer), given, 1), Ok(Some(_))),
            _ => is_good(answer),
        };
        let answer = |body: Vec<u8>| HttpResponse { status: 200, headers: Vec::new(), body };
        if let Step::Send(kind) = step {
            let vectors = channel.file.test.iter().filter(|vector| {
                let of_kind = vector.send.as_ref().is_some_and(|sent| {
                    channel.way(sent.kind).map(|way| way.0) == channel.way(kind).map(|way| way.0)
                });
                of_kind && vector.expect.outcome.as_deref().is_none_or(|outcome| outcome == "sent")
            });
            for fake in vectors.filter_map(|vector| vector.answer.as_ref()) {
                let body = match (&fake.body, &fake.json) {
                    (Some(body), _) => Some(body.clone().into_bytes()),
                    (None, Some(json)) => channel.answered(Some(*call), json).ok(),
                    (None, None) => Some(Vec::new()),
                };
                if let Some(answer) = body.map(answer).filter(|answer| is_good(answer)) {
                    return Some((content_type(&answer.body, call), answer.body));
                }
            }
        }
        if let (Body::Call(called), Some(system)) = (call.body, &channel.system) {
            let values = [json!({}), Json::Null, json!(1), json!("mock"), json!(true), json!([])];
            let answers = values.iter().filter_map(|value| system.answer_of(&called.method, value).ok());
            let found = answers.map(answer).find(|answer| is_good(answer))?;
            return Some((content_type(&found.body, call), found.body));
        }
        let (names, texts) = self.asked(step, call);
        let tried = |is_good: &dyn Fn(&HttpResponse) -> bool| {
            made_up(&names, &texts, &|json| is_good(&json_answer(json)))
                .map(|json| json.to_string().into_bytes())
        };
        tried(&is_id).or_else(|| tried(&is_good)).map(|body| ("application/json", body))
    }

    /// What is read of an answer, as paths, and texts that it is compared with.
    fn asked(&self, step: Step<'_>, call: &Call<'_>) -> (Vec<String>, Vec<String>) {
        let file = &self.channel.file;
        let nodes: Vec<&Node> = match step {
            Step::Token(name) => file.tokens.get(name).map(|token| vec![&token.value, &token.ttl]),
            Step::Upload(kind) => {
                file.send.get(&kind).and_then(|send| send.upload.as_ref()).map(|upload| vec![&upload.value])
            }
            Step::Send(kind) => file.send.get(&kind).map(|send| send.id.iter().collect()),
            Step::Fetch(index) => file.fetch.get(index).map(|fetch| fetch.value.iter().collect()),
            Step::Amend(_) | Step::Check | Step::Pull => None,
        }
        .unwrap_or_default();
        let (mut names, mut texts) = (Vec::new(), Vec::new());
        let mut see = |found: std::collections::BTreeSet<String>| {
            for path in found.iter().filter_map(|name| name.strip_prefix("resp.")) {
                if !names.iter().any(|known| known == path) {
                    names.push(path.to_owned());
                }
            }
        };
        for node in nodes {
            node.each_expression(&mut |expression| see(expression.names()));
        }
        if let Some(Condition(expression)) = call.ok {
            see(expression.names());
            texts.extend(expression.texts().into_iter().map(str::to_owned));
        }
        // What a condition alone reads of a whole, such as `resp.data` beside `resp.data.id`, is there with its parts.
        let all = names.clone();
        names.retain(|name| {
            !all.iter()
                .any(|other| other.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('.')))
        });
        names.truncate(MEMBERS_MAX);
        (names, texts)
    }
}

fn content_type(body: &[u8], call: &Call<'_>) -> &'static str {
    match (call.body, body.trim_ascii_start().first()) {
        (Body::Call(_), Some(b'<')) => "text/xml; charset=utf-8",
        (Body::Call(_), _) => "application/x-thrift",
        (_, Some(b'{' | b'[')) => "application/json",
        _ => "text/plain; charset=utf-8",
    }
}

/// An object with these members that is good, if some values make it so.
fn made_up(names: &[String], texts: &[String], is_good: &dyn Fn(&Json) -> bool) -> Option<Json> {
    let mut values = vec![json!("mock-1"), json!(7_200), json!(0), json!(true)];
    values.extend(texts.iter().map(|text| json!(text)));
    values.extend([json!("0"), json!(200), json!("ok"), json!([])]);
    values.truncate(VALUES_MAX);
    let count = values.len().pow(u32::try_from(names.len()).unwrap_or_default());
    (0..count).find_map(|choice| {
        let mut object = Json::Object(Map::new());
        let mut choice = choice;
        for name in names {
            put(&mut object, name, values[choice % values.len()].clone())?;
            choice /= values.len();
        }
        is_good(&object).then_some(object)
    })
}

/// Puts a value at a path into an object.
fn put(object: &mut Json, path: &str, value: Json) -> Option<()> {
    let mut place = object;
    for name in path.split('.') {
        if place.is_null() {
            *place = Json::Object(Map::new());
        }
        place = place.as_object_mut()?.entry(name).or_insert(Json::Null);
    }
    *place = value;
    Some(())
}
