//! Differences counted by endpoint and field, with a few examples each: memory does not grow with the traffic.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    compare::{Difference, Differences, Given, Kind, compare},
    rules::{Asked, Rules, Thresholds},
};
use crate::redact::Redaction;

/// More endpoints are counted as one.
const ENDPOINTS_MAX: usize = 2000;
/// More fields of all endpoints together are counted as one of each endpoint.
const FIELDS_MAX: usize = 20_000;
/// What is counted where there is no more room.
const OTHERS: &str = "…";

/// The answers to one request.
pub(crate) struct Answers {
    /// What the old system says.
    pub(crate) primary: Given,
    /// What it says when it is asked twice: how much its answers differ by themselves.
    pub(crate) secondary: Option<Given>,
    /// What the new system says.
    pub(crate) candidate: Given,
}

/// What was compared.
pub(crate) struct Tally {
    pub(super) rules: Arc<Rules>,
    redaction: Redaction,
    examples_max: usize,
    fields: usize,
    pub(super) endpoints: BTreeMap<String, Endpoint>,
    /// Pairs of answers.
    pub(super) compared: u64,
    /// Those that differ in any field, noise included.
    pub(super) differing: u64,
    /// Requests without an answer to compare with.
    pub(super) unanswered: u64,
    /// Requests of whose second answer there is none.
    pub(super) unrepeated: u64,
    pub(super) has_noise: bool,
}

/// What was compared of an endpoint.
#[derive(Debug, Default)]
pub(super) struct Endpoint {
    pub(super) compared: u64,
    pub(super) fields: BTreeMap<String, Field>,
}

/// What was found in a field.
#[derive(Clone, Debug, Default)]
pub(super) struct Field {
    /// Pairs of primary and candidate that differ in it.
    pub(super) raw: u64,
    /// Pairs of primary and secondary that do.
    pub(super) noise: u64,
    pub(super) kinds: BTreeMap<Kind, u64>,
    pub(super) examples: Vec<Example>,
}

/// A difference that is shown.
#[derive(Clone, Debug)]
pub(super) struct Example {
    pub(super) id: String,
    pub(super) request: String,
    pub(super) kind: Kind,
    pub(super) left: String,
    pub(super) right: String,
}

/// A field that differs, of one endpoint.
#[derive(Clone, Debug)]
pub(super) struct Finding<'a> {
    pub(super) endpoint: &'a str,
    pub(super) field: &'a str,
    pub(super) compared: u64,
    pub(super) of: &'a Field,
}

impl Field {
    /// Whether it differs more than the old system does by itself.
    ///
    /// What never differs by itself is told at its first difference. What does must differ more often by a share of all
    /// differences and by a share of all answers, and by more than chance: the difference of two such counts is beyond
    /// three of its standard deviations once in a thousand times.
    pub(super) fn is_more_than_noise(&self, compared: u64, thresholds: Thresholds) -> bool {
        if self.noise == 0 {
            return self.raw > 0;
        }
        let (raw, noise, compared) = (lossy(self.raw), lossy(self.noise), lossy(compared));
        let excess = raw - noise;
        let deviation = 3.1 * (raw + noise).sqrt();
        excess > 0.0
            && excess / (raw + noise) * 100.0 > thresholds.relative
            && excess / compared * 100.0 > thresholds.absolute
            && (excess > deviation || raw + noise < 10.0)
    }
}

#[expect(clippy::cast_precision_loss, reason = "shares are compared with round percentages")]
fn lossy(count: u64) -> f64 {
    count as f64
}

impl Tally {
    /// Will count by these rules.
    pub(crate) fn new(rules: Arc<Rules>, redaction: Redaction, examples_max: usize, has_noise: bool) -> Self {
        Self {
            rules,
            redaction,
            examples_max,
            fields: 0,
            endpoints: BTreeMap::new(),
            compared: 0,
            differing: 0,
            unanswered: 0,
            unrepeated: 0,
            has_noise,
        }
    }

    /// Counts what was found in the answers to a request.
    pub(crate) fn add(&mut self, id: &str, request: &str, asked: &Asked, found: Found) {
        let Found { raw, noise, was_answered, was_repeated } = found;
        if !was_answered {
            self.unanswered += 1;
            return;
        }
        self.compared += 1;
        self.differing += u64::from(!raw.is_empty());
        self.unrepeated += u64::from(self.has_noise && !was_repeated);
        let mut name = asked.endpoint.as_str();
        if self.endpoints.len() >= ENDPOINTS_MAX && !self.endpoints.contains_key(name) {
            name = OTHERS;
        }
        let endpoint = self.endpoints.entry(name.to_owned()).or_default();
        endpoint.compared += 1;
        let names: BTreeSet<&String> = raw.keys().chain(noise.keys()).collect();
        for name in names {
            let mut place = name.as_str();
            if !endpoint.fields.contains_key(place) {
                if self.fields >= FIELDS_MAX {
                    place = OTHERS;
                } else {
                    self.fields += 1;
                }
            }
            let field = endpoint.fields.entry(place.to_owned()).or_default();
            field.noise += u64::from(noise.contains_key(name));
            let Some(Difference { kind, left, right }) = raw.get(name) else { continue };
            field.raw += 1;
            *field.kinds.entry(*kind).or_default() += 1;
            if field.examples.len() < self.examples_max {
                field.examples.push(Example {
                    id: id.to_owned(),
                    request: self.redaction.shown("", request),
                    kind: *kind,
                    left: self.redaction.shown(name, left),
                    right: self.redaction.shown(name, right),
                });
            }
        }
    }

    /// The fields that differ, those that matter first: more than noise, then what is noise.
    pub(super) fn findings(&self) -> (Vec<Finding<'_>>, Vec<Finding<'_>>) {
        let all = self.endpoints.iter().flat_map(|(endpoint, found)| {
            found.fields.iter().filter(|(_, of)| of.raw > 0).map(move |(field, of)| Finding {
                endpoint,
                field,
                compared: found.compared,
                of,
            })
        });
        let thresholds = self.rules.thresholds;
        let (mut findings, mut noise): (Vec<_>, Vec<_>) =
            all.partition(|finding| finding.of.is_more_than_noise(finding.compared, thresholds));
        let excess = |finding: &Finding<'_>| finding.of.raw.saturating_sub(finding.of.noise);
        findings.sort_by_key(|finding| std::cmp::Reverse(excess(finding)));
        noise.sort_by_key(|finding| std::cmp::Reverse(finding.of.raw));
        (findings, noise)
    }

    /// How many answers differ beyond noise, at the least: of each endpoint those of its worst field.
    pub(super) fn wrong(&self) -> u64 {
        let mut worst: BTreeMap<&str, u64> = BTreeMap::new();
        for finding in self.findings().0 {
            let most = worst.entry(finding.endpoint).or_default();
            *most = (*most).max(finding.of.raw.saturating_sub(finding.of.noise));
        }
        worst.values().sum()
    }

    /// That share of all answers, in percent.
    pub(crate) fn wrong_percent(&self) -> f64 {
        if self.compared == 0 { 0.0 } else { lossy(self.wrong()) / lossy(self.compared) * 100.0 }
    }
}

/// What was found in the answers to a request.
pub(crate) struct Found {
    raw: Differences,
    noise: Differences,
    was_answered: bool,
    was_repeated: bool,
}

impl Found {
    /// Compares the answers to a request.
    pub(crate) fn of(answers: &Answers, asked: &Asked, rules: &Rules) -> Self {
        let Answers { primary, secondary, candidate } = answers;
        let noise = match secondary {
            // What could not be asked twice says nothing of noise.
            Some(secondary) if primary.is_ok() && secondary.is_ok() => {
                Some(compare(primary, secondary, asked, rules))
            }
            _ => None,
        };
        Self {
            raw: compare(primary, candidate, asked, rules),
            was_answered: primary.is_ok(),
            was_repeated: noise.is_some(),
            noise: noise.unwrap_or_default(),
        }
    }
}

#[cfg(test)]
impl Tally {
    /// Endpoints and fields that differ beyond noise, with how often.
    pub(crate) fn found(&self) -> Vec<(String, String, u64)> {
        let owned =
            |finding: &Finding<'_>| (finding.endpoint.to_owned(), finding.field.to_owned(), finding.of.raw);
        self.findings().0.iter().map(owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{args::Rule, diff::answer::Answer};

    fn answer(body: &str) -> Given {
        Ok(Answer::of(format!("HTTP/1.1 200 OK\r\n\r\n{body}").into_bytes()).unwrap())
    }

    fn tally(pairs: impl IntoIterator<Item = (String, String, String)>) -> Tally {
        let rules = Arc::new(Rules::default());
        let redaction = Redaction::new(&Rule::DEFAULT).unwrap().unwrap();
        let mut tally = Tally::new(Arc::clone(&rules), redaction, 2, true);
        let asked = rules.asked("GET", "/a/7");
        for (number, (primary, secondary, candidate)) in pairs.into_iter().enumerate() {
            let answers = Answers {
                primary: answer(&primary),
                secondary: Some(answer(&secondary)),
                candidate: answer(&candidate),
            };
            tally.add(&number.to_string(), "GET /a/7", &asked, Found::of(&answers, &asked, &rules));
        }
        tally
    }

    #[test]
    fn one_wrong_field_among_ten_thousand_answers_is_found_beneath_what_always_differs() {
        let body = |salt: u32, number: u32, price: u32| {
            format!(
                "{{\"id\":\"{salt}-{number}\",\"at\":{},\"price\":{price},\"n\":{number}}}",
                salt * 7 + number
            )
        };
        let pairs = |wrong: Option<u32>| {
            (0..10_000).map(move |number| {
                let price = if Some(number) == wrong { 8 } else { 7 };
                (body(1, number, 7), body(2, number, 7), body(3, number, price))
            })
        };
        let found = tally(pairs(Some(6_543)));
        let (findings, noise) = found.findings();
        assert_eq!(findings.len(), 1);
        assert_eq!((findings[0].endpoint, findings[0].field), ("GET /a/{id}", "body:/price"));
        assert_eq!((findings[0].of.raw, findings[0].of.examples[0].id.as_str()), (1, "6543"));
        assert_eq!(
            (findings[0].of.examples[0].left.as_str(), findings[0].of.examples[0].right.as_str()),
            ("7", "8")
        );
        assert_eq!(noise.iter().map(|finding| finding.field).collect::<Vec<_>>(), ["body:/at", "body:/id"]);
        assert!(noise.iter().all(|finding| finding.of.raw == 10_000 && finding.of.examples.len() == 2));
        assert_eq!((found.wrong(), found.compared), (1, 10_000));
        let nothing = tally(pairs(None));
        assert!(nothing.findings().0.is_empty() && nothing.wrong() == 0);
    }

    #[test]
    fn what_differs_now_and_then_by_itself_is_noise_until_it_differs_more() {
        // A flag that is one thing or the other: of a hundred pairs about fifty differ either way.
        let flag = |number: u64, salt: u64| {
            let mut mixed = (number + salt * 100_003).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            format!("{{\"flag\":{}}}", (mixed ^ (mixed >> 31)) & 1)
        };
        let pairs = (0..1000).map(|number| (flag(number, 1), flag(number, 2), flag(number, 3)));
        assert!(tally(pairs).findings().0.is_empty());
        let pairs = (0..1000)
            .map(|number| (flag(number, 1), flag(number, 1 + number / 990), "{\"flag\":2}".to_owned()));
        assert_eq!(tally(pairs).findings().0[0].field, "body:/flag");
        let thresholds = Thresholds::default();
        let field = |raw, noise| Field { raw, noise, ..Field::default() };
        assert!(!field(3, 2).is_more_than_noise(1000, thresholds));
        assert!(field(5, 1).is_more_than_noise(1000, thresholds));
        assert!(!field(5, 1).is_more_than_noise(1_000_000, thresholds));
        assert!(!field(60, 40).is_more_than_noise(1000, Thresholds { relative: 25.0, absolute: 0.0 }));
    }

    #[test]
    fn memory_is_bounded_by_endpoints_and_fields() {
        let rules = Arc::new(Rules::default());
        let redaction = Redaction::new(&Rule::DEFAULT).unwrap().unwrap();
        let mut tally = Tally::new(Arc::clone(&rules), redaction, 1, false);
        for number in 0..3000 {
            let asked = rules.asked("GET", &format!("/name{number}x"));
            let answers = Answers {
                primary: answer("{}"),
                secondary: None,
                candidate: answer(&format!("{{\"a{number}\":1,\"b{number}\":\"13800138000\"}}")),
            };
            let found = Found::of(&answers, &asked, &rules);
            tally.add("1", "GET /", &asked, found);
        }
        assert_eq!((tally.endpoints.len(), tally.compared), (ENDPOINTS_MAX + 1, 3000));
        assert!(tally.fields <= FIELDS_MAX);
        let shown = &tally.endpoints["GET /name7x"].fields["body:/b7"].examples[0];
        assert_eq!(shown.right, "\"99999999999\"");
    }
}
