//! Expressions, and trees of values with expressions at their leaves.

use std::{collections::BTreeSet, fmt, sync::LazyLock};

use minijinja::{Environment, ErrorKind, Expression, UndefinedBehavior, value::ValueKind};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;

/// A value that expressions see.
pub(super) type Data = minijinja::Value;

/// What expressions see of a value.
pub(super) fn data(value: impl serde::Serialize) -> Data {
    Data::from(minijinja::value::Serde(value))
}

/// What an expression may cost: one for each step, and one for each 64 bytes that it makes.
const FUEL: u64 = 50_000;
const SOURCE_BYTES_MAX: usize = 2_048;

/// The filters that a file may use.
pub(super) const FILTERS: [&str; 34] = [
    "abs",
    "bool",
    "date",
    "default",
    "first",
    "flatten",
    "float",
    "fromjson",
    "int",
    "items",
    "join",
    "last",
    "length",
    "lines",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "select",
    "selectattr",
    "sort",
    "split",
    "string",
    "sum",
    "tojson",
    "trim",
    "upper",
    "urlencode",
];

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.set_fuel(Some(FUEL));
    for name in ["range", "dict", "debug", "namespace"] {
        environment.remove_global(name);
    }
    environment.add_filter("fromjson", |text: &str| -> Result<Data, minijinja::Error> {
        serde_json::from_str(text).map_err(|error| wrong(format!("it is no JSON: {error}")))
    });
    environment.add_filter("tojson", |value: &Data| -> Result<String, minijinja::Error> {
        serde_json::to_string(value).map_err(|error| wrong(format!("it cannot be JSON: {error}")))
    });
    environment.add_filter("flatten", flatten);
    environment.add_filter("urlencode", |text: &str| super::url::encode(text));
    environment.add_filter("date", |text: &str| -> Result<i64, minijinja::Error> {
        super::mapping::date_ms(text).ok_or_else(|| wrong(format!("{text:?} is no date of RFC 3339")))
    });
    environment
});

/// Items that `flatten` makes at most.
const FLAT_ITEMS_MAX: usize = 10_000;

/// The items of lists within lists, by a path such as `changes.value.messages`; of each object, the one around its
/// list is its member `outer`.
fn flatten(list: &Data, path: &str) -> Result<Data, minijinja::Error> {
    let mut level: Vec<(Data, Data)> = list.try_iter()?.map(|item| (item, Data::UNDEFINED)).collect();
    for name in path.split('.') {
        let mut next = Vec::new();
        for (object, _) in level {
            let Ok(member) = object.get_attr(name) else { continue };
            match member.kind() {
                ValueKind::Undefined | ValueKind::None => {}
                ValueKind::Seq => next.extend(member.try_iter()?.map(|item| (item, object.clone()))),
                _ => next.push((member, object)),
            }
            if next.len() > FLAT_ITEMS_MAX {
                return Err(wrong(format!("more than {FLAT_ITEMS_MAX} items")));
            }
        }
        level = next;
    }
    let with_outer = |(item, outer): (Data, Data)| match item.kind() {
        ValueKind::Map => {
            let names = item.try_iter().into_iter().flatten();
            let members = names.filter_map(|name| item.get_item(&name).ok().map(|value| (name, value)));
            Data::from_pairs(members.chain([(Data::from("outer"), outer)]))
        }
        _ => item,
    };
    Ok(level.into_iter().map(with_outer).collect())
}

fn wrong(message: String) -> minijinja::Error {
    minijinja::Error::new(ErrorKind::InvalidOperation, message)
}

/// An expression, compiled.
pub(super) struct Expr {
    source: String,
    compiled: Expression<'static, 'static>,
}

impl Expr {
    fn new(source: &str) -> Result<Self, String> {
        let source = source.trim();
        if source.len() > SOURCE_BYTES_MAX {
            return Err(format!("an expression of more than {SOURCE_BYTES_MAX} bytes"));
        }
        check_filters(source)?;
        let compiled = ENVIRONMENT.compile_expression_owned(source.to_owned());
        let compiled = compiled.map_err(|error| format!("not an expression: {}", reason(&error)))?;
        Ok(Self { source: source.to_owned(), compiled })
    }

    /// Carries it out; what is not there is an error.
    pub(super) fn value(&self, scope: &Data) -> Result<Data, String> {
        let value = self.compiled.eval(scope.clone()).map_err(|error| reason(&error))?;
        if value.is_undefined() {
            return Err(format!("`{}` is not there", self.source));
        }
        Ok(value)
    }

    /// Carries it out; what is not there is nothing, as is what it says is `none`.
    pub(super) fn optional(&self, scope: &Data) -> Result<Option<Data>, String> {
        let value = self.compiled.eval(scope.clone()).map_err(|error| reason(&error))?;
        Ok(Some(value).filter(|value| !value.is_undefined() && !value.is_none()))
    }

    /// The names it reads, such as `secret.token` or `body`.
    pub(super) fn names(&self) -> BTreeSet<String> {
        self.compiled.undeclared_variables(true).into_iter().collect()
    }
}

impl fmt::Debug for Expr {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "= {}", self.source)
    }
}

fn reason(error: &minijinja::Error) -> String {
    match (error.kind(), error.detail()) {
        (ErrorKind::OutOfFuel, _) => "it takes too many steps, or its result is too large".to_owned(),
        (ErrorKind::UndefinedError, None) => "a name in it is not there".to_owned(),
        (_, Some(detail)) => detail.to_owned(),
        (kind, None) => kind.to_string(),
    }
}

/// Finds filters that a file may not use, before anything runs; what stands in quotes is passed over.
fn check_filters(source: &str) -> Result<(), String> {
    let mut quote = None;
    let mut rest = source.char_indices();
    while let Some((at, character)) = rest.next() {
        match (quote, character) {
            (Some(_), '\\') => drop(rest.next()),
            (Some(open), _) if open == character => quote = None,
            (None, '\'' | '"') => quote = Some(character),
            (None, '|') => {
                let name: &str = source[at + 1..].trim_start();
                let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(name.len());
                let name = &name[..end];
                if !name.is_empty() && !FILTERS.contains(&name) {
                    let near = super::load::near(name, FILTERS.into_iter());
                    return Err(format!("unknown filter `{name}`{near}"));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Something that holds or does not; always an expression, with or without `= `.
#[derive(Debug)]
pub(super) struct Condition(pub(super) Expr);

impl Condition {
    pub(super) fn holds(&self, scope: &Data) -> Result<bool, String> {
        self.0.value(scope).map(|value| value.is_true())
    }
}

impl<'de> Deserialize<'de> for Condition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let source = text.strip_prefix("= ").unwrap_or(&text);
        Expr::new(source).map(Self).map_err(D::Error::custom)
    }
}

/// A value, of which parts may be expressions.
#[derive(Debug)]
pub(super) enum Node {
    /// Itself.
    Literal(Json),
    /// Written `= …`.
    Expr(Expr),
    /// A list.
    List(Vec<Node>),
    /// An object.
    Object(Vec<(String, Node)>),
    /// One of several, by a value.
    Switch(Box<Switch>),
}

/// `{switch: expression, cases: {value: node}, default: node}`.
#[derive(Debug)]
pub(super) struct Switch {
    pub(super) on: Expr,
    pub(super) cases: Vec<(String, Node)>,
    pub(super) default: Option<Node>,
}

impl Node {
    /// Its value; `None` if an expression says `none`.
    pub(super) fn json(&self, scope: &Data) -> Result<Option<Json>, String> {
        Ok(Some(match self {
            Self::Literal(value) => value.clone(),
            Self::Expr(expression) => {
                let value = expression.value(scope)?;
                if value.is_none() {
                    return Ok(None);
                }
                serde_json::to_value(&value).map_err(|error| error.to_string())?
            }
            Self::List(nodes) => {
                let values = nodes.iter().map(|node| node.json(scope)).collect::<Result<Vec<_>, _>>()?;
                Json::Array(values.into_iter().flatten().collect())
            }
            Self::Object(nodes) => {
                let mut object = serde_json::Map::new();
                for (name, node) in nodes {
                    if let Some(value) = node.json(scope).map_err(|error| format!("{name}: {error}"))? {
                        object.insert(name.clone(), value);
                    }
                }
                Json::Object(object)
            }
            Self::Switch(switch) => return switch.chosen(scope)?.json(scope),
        }))
    }

    /// Its value as a text; `None` if an expression says `none` or the text is empty.
    pub(super) fn text(&self, scope: &Data) -> Result<Option<String>, String> {
        let text = match self.json(scope)? {
            None | Some(Json::Null) => return Ok(None),
            Some(Json::String(text)) => text,
            Some(value @ (Json::Number(_) | Json::Bool(_))) => value.to_string(),
            Some(_) => return Err("a list or an object stands where a text must".to_owned()),
        };
        Ok(Some(text).filter(|text| !text.is_empty()))
    }

    /// Its value as a whole number.
    pub(super) fn integer(&self, scope: &Data) -> Result<Option<i64>, String> {
        match self.json(scope)? {
            None | Some(Json::Null) => Ok(None),
            Some(Json::String(text)) if text.is_empty() => Ok(None),
            Some(Json::String(text)) => {
                text.trim().parse().map(Some).map_err(|_| format!("{text:?} is no number"))
            }
            Some(value) => match (value.as_i64(), value.as_f64()) {
                (Some(whole), _) => Ok(Some(whole)),
                #[expect(clippy::cast_possible_truncation, reason = "checked to be a small number")]
                (None, Some(number)) if number.abs() < 9e15 => Ok(Some(number as i64)),
                _ => Err("it is no number, or too large".to_owned()),
            },
        }
    }

    /// Its value as a number.
    pub(super) fn number(&self, scope: &Data) -> Result<Option<f64>, String> {
        match self.json(scope)? {
            None | Some(Json::Null) => Ok(None),
            Some(Json::String(text)) => {
                let number = text.trim().parse().ok().filter(|number: &f64| number.is_finite());
                number.map(Some).ok_or_else(|| format!("{text:?} is no number"))
            }
            Some(value) => value.as_f64().map(Some).ok_or_else(|| "it is no number".to_owned()),
        }
    }

    /// Shows each expression in it.
    pub(super) fn each_expression(&self, see: &mut dyn FnMut(&Expr)) {
        match self {
            Self::Literal(_) => {}
            Self::Expr(expression) => see(expression),
            Self::List(nodes) => nodes.iter().for_each(|node| node.each_expression(see)),
            Self::Object(nodes) => nodes.iter().for_each(|(_, node)| node.each_expression(see)),
            Self::Switch(switch) => {
                see(&switch.on);
                switch.cases.iter().for_each(|(_, node)| node.each_expression(see));
                switch.default.iter().for_each(|node| node.each_expression(see));
            }
        }
    }
}

impl Switch {
    fn chosen(&self, scope: &Data) -> Result<&Node, String> {
        let value = self.on.value(scope)?;
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let found = self.cases.iter().find(|(case, _)| *case == value).map(|(_, node)| node);
        found.or(self.default.as_ref()).ok_or_else(|| format!("no case for {value:?}, and no default"))
    }

    /// Takes the three keys of a switch; an object without them stays one.
    fn of(object: Vec<(String, Node)>) -> Result<Node, String> {
        let is_switch = object.iter().any(|(name, _)| name == "switch")
            && object.iter().any(|(name, _)| name == "cases")
            && object.iter().all(|(name, _)| matches!(name.as_str(), "switch" | "cases" | "default"));
        if !is_switch {
            return Ok(Node::Object(object));
        }
        let (mut on, mut cases, mut default) = (None, None, None);
        for (name, node) in object {
            match (name.as_str(), node) {
                ("switch", Node::Expr(expression)) => on = Some(expression),
                ("switch", Node::Literal(Json::String(source))) => on = Some(Expr::new(&source)?),
                ("cases", Node::Object(nodes)) => cases = Some(nodes),
                ("default", node) => default = Some(node),
                (name, _) => {
                    return Err(format!("`{name}` of a switch is an expression or an object of cases"));
                }
            }
        }
        match (on, cases) {
            (Some(on), Some(cases)) => Ok(Node::Switch(Box::new(Self { on, cases, default }))),
            _ => Err("a switch needs an expression and cases".to_owned()),
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a value or an expression")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Literal(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Literal(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Literal(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Literal(value.into()))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Literal(Json::Null))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Node, E> {
        match text.strip_prefix("= ") {
            Some(source) => Expr::new(source).map(Node::Expr).map_err(E::custom),
            None => Ok(Node::Literal(text.into())),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = items.next_element()? {
            nodes.push(node);
        }
        Ok(Node::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut object: Vec<(String, Node)> = Vec::new();
        while let Some((name, node)) = entries.next_entry::<String, Node>()? {
            if object.iter().any(|(other, _)| *other == name) {
                return Err(A::Error::custom(format!("`{name}` stands here twice")));
            }
            object.push((name, node));
        }
        Switch::of(object).map_err(A::Error::custom)
    }
}
