//! Expressions, and trees of values with expressions at their leaves.

mod environment;

use std::{collections::BTreeSet, fmt};

use minijinja::{ErrorKind, Expression};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;

#[cfg(test)]
pub(super) use self::environment::FILTERS;
use self::environment::{ENVIRONMENT, check_filters};

/// A value that expressions see.
pub(super) type Data = minijinja::Value;

/// What expressions see of a value.
pub(super) fn data(value: impl serde::Serialize) -> Data {
    Data::from(minijinja::value::Serde(value))
}

const SOURCE_BYTES_MAX: usize = 2_048;

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

    /// The texts in it, without those that have escapes.
    pub(super) fn texts(&self) -> Vec<&str> {
        let mut texts = Vec::new();
        let mut rest = self.source.as_str();
        while let Some(at) = rest.find(['\'', '"']) {
            let quote = rest[at..].chars().next().unwrap_or_default();
            let Some((text, after)) = rest[at + 1..].split_once(quote) else { break };
            texts.push(text);
            rest = after;
        }
        texts
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
