//! Generated schemas, data and queries: the engine answers what a plain interpreter does, which is that of
//! `apollo-compiler` with resolvers that look through the tables for each field.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use apollo_compiler::resolvers::{Execution, FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use apollo_compiler::response::{JsonMap, JsonValue, serde_json_bytes};
use apollo_compiler::{ExecutableDocument, Schema};
use proptest::prelude::*;
use serde_json::value::RawValue;
use serde_json::{Value as Json, json};

use super::tables::{Data, Skill, Tables, compare};
use super::{open, request, session};
use crate::scalar::Value;

/// Numbers from a seed.
struct Dice(u64);

impl Dice {
    /// A number below `sides`.
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn flip(&mut self) -> bool {
        self.roll(2) == 0
    }
}

/// A generated world.
#[derive(Debug)]
struct World {
    yaml: String,
    skill: Skill,
    data: Data,
    kinds: Vec<Kind>,
}

#[derive(Debug)]
struct Kind {
    name: String,
    relations: Vec<Relation>,
}

#[derive(Clone, Debug)]
struct Relation {
    name: String,
    to: usize,
    form: Form,
    /// Column here that has the value of the column there.
    from: &'static str,
    on: &'static str,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Form {
    One,
    List,
    Page,
}

const DEFAULT: u64 = 3;

impl World {
    fn new(dice: &mut Dice) -> Self {
        let count = 1 + dice.roll(3);
        let kinds: Vec<_> = (0..count).map(|place| Kind::new(dice, place, count)).collect();
        let skill = Skill {
            filters: dice.flip(),
            sorts: dice.flip(),
            limits: dice.flip(),
            limits_per_key: dice.flip(),
            keys_at_once: [1, 2, 500][dice.roll(3)],
        };
        let mut yaml =
            "version: 1\nlimits: { max_cost: 100000000, max_rows: 1000000, max_depth: 30, max_aliases: 10000 }\nsources:\n"
                .to_owned();
        for place in 0..count {
            writeln!(yaml, "  s{place}: {{ kind: tables, name: s{place}, max_in: {} }}", 1 + dice.roll(5))
                .unwrap();
        }
        yaml.push_str("types:\n");
        for (place, kind) in kinds.iter().enumerate() {
            write!(yaml, "  {}:\n    source: s{place}\n    key: [id]\n    fields:\n      id: {{ type: \"Int!\", filter: true, sort: true }}\n      a: {{ type: Int, filter: true, sort: true }}\n      b: {{ type: \"String!\", filter: true, sort: true }}\n      up: {{ type: Int }}\n    relations:\n", kind.name).unwrap();
            for relation in &kind.relations {
                let form = match relation.form {
                    Form::One => String::new(),
                    Form::List => ", many: true".to_owned(),
                    Form::Page => format!(", many: true, page: relay, default: {DEFAULT}"),
                };
                let Relation { name, to, from, on, .. } = relation;
                writeln!(yaml, "      {name}: {{ to: {}, on: {{ {from}: {on} }}{form} }}", kinds[*to].name)
                    .unwrap();
            }
        }
        yaml.push_str("query:\n");
        for kind in &kinds {
            let name = &kind.name;
            writeln!(yaml, "  one{name}: {{ type: {name}, by: [id] }}\n  all{name}: {{ type: {name}, list: plain }}\n  page{name}: {{ type: {name}, list: relay, default: {DEFAULT} }}").unwrap();
        }
        let mut data = Data::new();
        for kind in &kinds {
            let rows = (0..dice.roll(9)).map(|id| row(dice, i64::try_from(id).unwrap()));
            data.insert(kind.name.clone(), rows.collect());
        }
        Self { yaml, skill, data, kinds }
    }

    /// A query at random.
    fn query(&self, dice: &mut Dice) -> String {
        let mut query = "{".to_owned();
        for field in 0..=dice.roll(2) {
            let place = dice.roll(self.kinds.len());
            let name = &self.kinds[place].name;
            match dice.roll(3) {
                0 => {
                    write!(query, " r{field}: one{name}(id: {})", dice.roll(9)).unwrap();
                    self.selection(dice, &mut query, place, 3);
                }
                1 => {
                    write!(query, " r{field}: all{name}{}", arguments(dice, true)).unwrap();
                    self.selection(dice, &mut query, place, 3);
                }
                _ => {
                    write!(query, " r{field}: page{name}{}", arguments(dice, true)).unwrap();
                    self.page(dice, &mut query, place, 3);
                }
            }
        }
        query.push('}');
        query
    }

    fn selection(&self, dice: &mut Dice, query: &mut String, place: usize, depth: usize) {
        query.push('{');
        for field in 0..=dice.roll(4) {
            match dice.roll(7) {
                0 => query.push_str(" id"),
                1 => query.push_str(" a"),
                2 => query.push_str(" b x: a"),
                3 => query.push_str(" __typename"),
                4 => {
                    write!(query, " ... on {} {{ y: up id }}", self.kinds[place].name).unwrap();
                }
                _ if depth > 0 && !self.kinds[place].relations.is_empty() => {
                    let relations = &self.kinds[place].relations;
                    let Relation { name, to, form, .. } = &relations[dice.roll(relations.len())];
                    let given = if *form == Form::One { String::new() } else { arguments(dice, true) };
                    write!(query, " f{depth}{field}: {name}{given}").unwrap();
                    match form {
                        Form::Page => self.page(dice, query, *to, depth - 1),
                        _ => self.selection(dice, query, *to, depth - 1),
                    }
                }
                _ => query.push_str(" up"),
            }
        }
        query.push_str(" id }");
    }

    fn page(&self, dice: &mut Dice, query: &mut String, place: usize, depth: usize) {
        query.push('{');
        if dice.flip() {
            query.push_str(" pageInfo { hasNextPage p: hasPreviousPage __typename }");
        }
        if self.skill.filters && dice.flip() {
            query.push_str(" n: totalCount");
            if dice.roll(4) == 0 {
                query.push_str(" totalCount }");
                return;
            }
        }
        if dice.flip() {
            query.push_str(" edges { __typename node");
            self.selection(dice, query, place, depth);
            query.push('}');
        }
        query.push_str(" nodes");
        self.selection(dice, query, place, depth);
        query.push('}');
    }
}

impl Kind {
    fn new(dice: &mut Dice, place: usize, count: usize) -> Self {
        let relations = (0..1 + dice.roll(3)).map(|number| {
            let form = [Form::One, Form::List, Form::Page][dice.roll(3)];
            // What leads to one goes to a key, what leads to many from one.
            let (from, on) = if form == Form::One { ("up", "id") } else { ("id", "up") };
            Relation { name: format!("rel{number}"), to: dice.roll(count), form, from, on }
        });
        Self { name: format!("K{place}"), relations: relations.collect() }
    }
}

fn row(dice: &mut Dice, id: i64) -> BTreeMap<String, Value> {
    let small = |dice: &mut Dice| match dice.roll(5) {
        0 => Value::Null,
        number => Value::Int(i64::try_from(number).unwrap()),
    };
    // Sometimes what may not be null is.
    let b = if dice.roll(12) == 0 {
        Value::Null
    } else {
        Value::Text(["x", "y", "\"z\""][dice.roll(3)].to_owned())
    };
    let cells = [("id", Value::Int(id)), ("a", small(dice)), ("b", b), ("up", small(dice))];
    cells.map(|(name, value)| (name.to_owned(), value)).into()
}

fn arguments(dice: &mut Dice, has_all: bool) -> String {
    let mut given = Vec::new();
    if dice.flip() {
        given.push(format!("first: {}", dice.roll(4)));
    }
    if has_all && dice.flip() {
        let condition =
            ["a: {gt: 1}", "a: {isNull: true}", "not: {a: {eq: 2}}", "or: [{a: {lte: 1}}, {b: {eq: \"y\"}}]"];
        given.push(format!("where: {{ {} }}", condition[dice.roll(4)]));
    }
    if has_all && dice.flip() {
        given.push(format!("orderBy: [{{ a: {} }}]", if dice.flip() { "ASC" } else { "DESC" }));
    }
    if given.is_empty() { String::new() } else { format!("({})", given.join(", ")) }
}

type Row = BTreeMap<String, Value>;

/// An object of the plain interpreter.
enum Object<'w> {
    Query(&'w World),
    Row(&'w World, usize, &'w Row),
    Page(&'w World, usize, Vec<&'w Row>, bool, usize),
    Edge(&'w World, usize, &'w Row),
    Info(bool),
}

impl ObjectValue for Object<'_> {
    fn type_name(&self) -> &str {
        // Names of the page's types live as long as the test.
        let leak = |name: String| -> &str { name.leak() };
        match self {
            Self::Query(_) => "Query",
            Self::Row(world, kind, _) => &world.kinds[*kind].name,
            Self::Page(world, kind, ..) => leak(format!("{}Connection", world.kinds[*kind].name)),
            Self::Edge(world, kind, _) => leak(format!("{}Edge", world.kinds[*kind].name)),
            Self::Info(_) => "PageInfo",
        }
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        let (name, given) = (info.field_name(), info.arguments());
        Ok(match self {
            Self::Query(world) => {
                let place = world.kinds.iter().position(|kind| name.ends_with(&kind.name)).unwrap();
                let all: Vec<_> = world.data[&world.kinds[place].name].iter().collect();
                match name.strip_suffix(&world.kinds[place].name) {
                    Some("one") => {
                        let id = Value::Int(given["id"].as_i64().unwrap());
                        let found: Vec<_> = all.into_iter().filter(|row| row["id"] == id).collect();
                        one(world, place, &found)
                    }
                    Some("all") => list(world, place, all, given),
                    _ => page(world, place, all, given),
                }
            }
            Self::Row(world, kind, row) => {
                let Some(relation) =
                    world.kinds[*kind].relations.iter().find(|relation| relation.name == name)
                else {
                    return Ok(leaf(&row[name]));
                };
                let key = &row[relation.from];
                let rows = world.data[&world.kinds[relation.to].name].iter();
                let rows: Vec<_> =
                    rows.filter(|row| *key != Value::Null && row[relation.on] == *key).collect();
                match relation.form {
                    Form::One => one(world, relation.to, &rows),
                    Form::List => list(world, relation.to, rows, given),
                    Form::Page => page(world, relation.to, rows, given),
                }
            }
            Self::Page(_, _, _, _, count) if name == "totalCount" => {
                ResolvedValue::leaf(i64::try_from(*count).unwrap())
            }
            Self::Page(world, kind, rows, more, _) => match name {
                "nodes" => ResolvedValue::list(
                    rows.iter().map(|row| ResolvedValue::object(Object::Row(world, *kind, row))),
                ),
                "edges" => ResolvedValue::list(
                    rows.iter().map(|row| ResolvedValue::object(Object::Edge(world, *kind, row))),
                ),
                _ => ResolvedValue::object(Object::Info(*more)),
            },
            Self::Edge(world, kind, row) => ResolvedValue::object(Object::Row(world, *kind, row)),
            Self::Info(more) => ResolvedValue::leaf(name == "hasNextPage" && *more),
        })
    }
}

fn leaf<'a>(value: &Value) -> ResolvedValue<'a> {
    match value {
        Value::Int(value) => ResolvedValue::leaf(*value),
        Value::Text(text) => ResolvedValue::leaf(text.as_str()),
        _ => ResolvedValue::null(),
    }
}

fn one<'w>(world: &'w World, kind: usize, rows: &[&'w Row]) -> ResolvedValue<'w> {
    ResolvedValue::nullable_object(rows.first().map(|row| Object::Row(world, kind, row)))
}

fn list<'w>(world: &'w World, kind: usize, rows: Vec<&'w Row>, given: &JsonMap) -> ResolvedValue<'w> {
    let mut rows = arranged(rows, given, false);
    if let Some(first) = given.get("first").and_then(JsonValue::as_u64) {
        rows.truncate(usize::try_from(first).unwrap());
    }
    ResolvedValue::list(rows.into_iter().map(move |row| ResolvedValue::object(Object::Row(world, kind, row))))
}

fn page<'w>(world: &'w World, kind: usize, rows: Vec<&'w Row>, given: &JsonMap) -> ResolvedValue<'w> {
    let mut rows = arranged(rows, given, true);
    let first = given.get("first").and_then(JsonValue::as_u64).unwrap_or(DEFAULT);
    let first = usize::try_from(first).unwrap();
    let count = rows.len();
    let more = count > first;
    rows.truncate(first);
    ResolvedValue::object(Object::Page(world, kind, rows, more, count))
}

fn arranged<'w>(mut rows: Vec<&'w Row>, given: &JsonMap, by_key: bool) -> Vec<&'w Row> {
    if let Some(condition) = given.get("where") {
        let condition = serde_json::to_value(condition).unwrap();
        rows.retain(|row| holds(&condition, row) == Some(true));
    }
    if by_key {
        rows.sort_by(|a, b| compare(&a["id"], &b["id"]));
    }
    let order = given.get("orderBy").map(|order| serde_json::to_value(order).unwrap());
    if let Some(direction) = order.as_ref().and_then(|order| order[0]["a"].as_str()) {
        rows.sort_by(
            |a, b| if direction == "ASC" { compare(&a["a"], &b["a"]) } else { compare(&b["a"], &a["a"]) },
        );
    }
    rows
}

/// The few conditions that are generated.
fn holds(condition: &Json, row: &Row) -> Option<bool> {
    let (a, b) = (&row["a"], &row["b"]);
    let number = |a: &Value| if let Value::Int(a) = a { Some(*a) } else { None };
    if condition["a"]["gt"] == 1 {
        return number(a).map(|a| a > 1);
    }
    if condition["a"]["isNull"] == true {
        return Some(*a == Value::Null);
    }
    if !condition["not"].is_null() {
        return number(a).map(|a| a != 2);
    }
    let (low, is_y) = (
        number(a).map(|a| a <= 1),
        if *b == Value::Null { None } else { Some(*b == Value::Text("y".to_owned())) },
    );
    if low == Some(true) || is_y == Some(true) { Some(true) } else { low.and(is_y).map(|_| false) }
}

/// `data` as bytes, and the paths of errors in some order.
fn plainly(world: &World, sdl: &str, query: &str) -> (String, Vec<Json>) {
    let schema = Schema::parse_and_validate(sdl, "schema.graphql").unwrap();
    let document = ExecutableDocument::parse_and_validate(&schema, query, "query").unwrap();
    let none = JsonMap::new();
    let answer = Execution::new(&schema, &document).raw_variable_values(&none);
    let answer = answer.execute_sync(&Object::Query(world)).unwrap();
    let mut paths: Vec<Json> = answer.errors.iter().map(|error| json!(error.path)).collect();
    paths.sort_by_key(ToString::to_string);
    (serde_json_bytes::serde_json::to_string(&answer.data).unwrap(), paths)
}

#[derive(serde::Deserialize)]
struct Answered<'a> {
    #[serde(borrow)]
    data: &'a RawValue,
    #[serde(default)]
    errors: Vec<Json>,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn the_answer_is_that_of_a_plain_interpreter(seed in 1_u64..) {
        let dice = &mut Dice(seed);
        dice.roll(1);
        let world = World::new(dice);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let sources = (0..world.kinds.len()).map(|place| {
                (format!("s{place}"), Arc::new(Tables::new(world.data.clone(), world.skill)))
            });
            let sources = sources.collect();
            let engine = open(&world.yaml, &sources).await;
            for _ in 0..4 {
                let query = world.query(dice);
                let response = engine.execute(&request(&query, json!({})), &session("admin")).await;
                let answered: Answered<'_> = serde_json::from_slice(&response.body).unwrap();
                let mut paths: Vec<Json> = answered.errors.iter().map(|error| error["path"].clone()).collect();
                paths.sort_by_key(ToString::to_string);
                let (data, plain_paths) = plainly(&world, engine.sdl(), &query);
                assert_eq!(answered.data.get(), data, "{query}\n{}", world.yaml);
                assert_eq!(paths, plain_paths, "{query}\n{}", world.yaml);
            }
        });
    }
}
