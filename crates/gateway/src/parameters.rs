//! Calls of JSON over HTTP whose members stand in the path and the query.

use kefu_wire::{
    thrift::{Schema, Type, schema::Function},
    wsdl::{Definitions, Operation},
    xsd::{Atom, Content, Schemas, TypeId, TypeKind, Value as SimpleValue},
};
use serde_json::Value;

/// Parameters of a query at most.
const PARAMETERS_MAX: usize = 200;

/// How the text of a parameter becomes JSON.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Form {
    /// A string.
    Text,
    /// A number or a bool if it is one, and else a string, which the schema refuses or takes for a name.
    Literal,
}

/// A member that can stand in an address.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) form: Form,
    pub(crate) many: bool,
}

/// The arguments of a function.
pub(crate) fn of_function(schema: &Schema, function: &Function) -> Vec<Parameter> {
    let form = |ty: Type| match ty {
        Type::String | Type::Binary | Type::Uuid => Some(Form::Text),
        Type::Bool | Type::I8 | Type::I16 | Type::I32 | Type::I64 | Type::Double | Type::Enum(_) => {
            Some(Form::Literal)
        }
        Type::Struct(_) | Type::List(_) | Type::Set(_) | Type::Map(_) => None,
    };
    let fields = schema.structure(function.arguments).fields().iter();
    fields
        .filter_map(|field| {
            let (ty, many) = match field.ty {
                Type::List(element) | Type::Set(element) => (schema.element(element), true),
                ty => (ty, false),
            };
            Some(Parameter { name: field.name.clone(), form: form(ty)?, many })
        })
        .collect()
}

/// The members of a request of SOAP.
pub(crate) fn of_operation(definitions: &Definitions, operation: &Operation) -> Vec<Parameter> {
    let schemas = &definitions.schemas;
    let TypeKind::Complex(complex) = &schemas.ty(operation.input.content).kind else { return Vec::new() };
    let members = complex.members.iter();
    members
        .filter_map(|member| {
            let (form, is_list) = form_of_type(schemas, schemas.element(member.element).ty)?;
            Some(Parameter { name: member.json_name.clone(), form, many: member.many || is_list })
        })
        .collect()
}

fn form_of_type(schemas: &Schemas, ty: TypeId) -> Option<(Form, bool)> {
    match &schemas.ty(ty).kind {
        TypeKind::Simple(simple) => match &simple.value {
            SimpleValue::Atom(Atom::Boolean | Atom::Integer { .. } | Atom::Decimal | Atom::Double) => {
                Some((Form::Literal, false))
            }
            SimpleValue::Atom(_) | SimpleValue::Union(_) => Some((Form::Text, false)),
            SimpleValue::List(item) => form_of_type(schemas, *item).map(|(form, _)| (form, true)),
        },
        TypeKind::Complex(complex) => match complex.content {
            Content::Simple(ty) if complex.attributes.is_empty() => form_of_type(schemas, ty),
            _ => None,
        },
    }
}

/// Why the parameters of a request are of no use.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct BadParameter(pub(crate) String);

/// The JSON of a call: the members of the body, then those of the path and the query.
///
/// # Errors
/// The body is no object, or a parameter is not one of the operation's.
pub(crate) fn arguments(
    parameters: &[Parameter],
    path: &[(&str, &str)],
    query: Option<&str>,
    body: &[u8],
) -> Result<Vec<u8>, BadParameter> {
    let mut given: Vec<(&Parameter, Vec<String>)> = Vec::new();
    let query = query.unwrap_or_default().split('&').filter(|part| !part.is_empty());
    let query = query.map(|part| part.split_once('=').unwrap_or((part, "")));
    let path = path.iter().map(|(name, value)| (decode(name, false), decode(value, false)));
    for (index, (name, value)) in
        path.chain(query.map(|(name, value)| (decode(name, true), decode(value, true)))).enumerate()
    {
        if index >= PARAMETERS_MAX {
            return Err(BadParameter(format!("there are more than {PARAMETERS_MAX} parameters")));
        }
        let (Some(name), Some(value)) = (name, value) else {
            return Err(BadParameter("the address is not UTF-8".to_owned()));
        };
        let Some(parameter) = parameters.iter().find(|parameter| parameter.name == name) else {
            return Err(BadParameter(format!("the operation has no parameter {name:?}")));
        };
        match given.iter_mut().find(|(known, _)| known.name == name) {
            Some((parameter, values)) if parameter.many => values.push(value),
            Some(_) => return Err(BadParameter(format!("the parameter {name:?} stands there twice"))),
            None => given.push((parameter, vec![value])),
        }
    }
    let body = body.trim_ascii();
    if given.is_empty() && !body.is_empty() {
        return Ok(body.to_vec());
    }
    let mut out = match body.strip_suffix(b"}") {
        Some(members) => members.to_vec(),
        None if body.is_empty() => b"{".to_vec(),
        None => return Err(BadParameter("the body must be an object".to_owned())),
    };
    for (parameter, values) in given {
        if out.trim_ascii_end() != b"{" {
            out.push(b',');
        }
        out.extend_from_slice(Value::from(parameter.name.as_str()).to_string().as_bytes());
        out.push(b':');
        let values: Vec<String> = values.into_iter().map(|value| json(parameter.form, value)).collect();
        let text = if parameter.many { format!("[{}]", values.join(",")) } else { values.concat() };
        out.extend_from_slice(text.as_bytes());
    }
    out.push(b'}');
    Ok(out)
}

fn json(form: Form, value: String) -> String {
    let is_literal = form == Form::Literal
        && matches!(serde_json::from_str(&value), Ok(Value::Number(_) | Value::Bool(_)));
    if is_literal { value } else { Value::from(value).to_string() }
}

/// Takes escapes out; in a query a plus is a blank.
fn decode(text: &str, is_query: bool) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' if is_query => out.push(b' '),
            b'%' => {
                let mut digit = || bytes.next().and_then(|byte| char::from(byte).to_digit(16));
                let (high, low) = (digit()?, digit()?);
                out.push(u8::try_from(high << 4 | low).ok()?);
            }
            byte => out.push(byte),
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parameters() -> Vec<Parameter> {
        let parameter = |name: &str, form, many| Parameter { name: name.to_owned(), form, many };
        vec![
            parameter("id", Form::Literal, false),
            parameter("name", Form::Text, false),
            parameter("tags", Form::Text, true),
        ]
    }

    fn call(path: &[(&str, &str)], query: &str, body: &str) -> Result<String, String> {
        arguments(&parameters(), path, Some(query), body.as_bytes())
            .map(|json| String::from_utf8(json).unwrap())
            .map_err(|BadParameter(text)| text)
    }

    #[test]
    fn members_come_from_the_path_the_query_and_the_body() {
        let json = call(&[("id", "7")], "name=a%20b+%E5%AE%A2&tags=x&tags=1", "").unwrap();
        assert_eq!(json, r#"{"id":7,"name":"a b 客","tags":["x","1"]}"#);
        assert_eq!(call(&[("id", "7")], "", r#" {"name":"x"} "#).unwrap(), r#"{"name":"x","id":7}"#);
        assert_eq!(call(&[("id", "seven")], "", "{ }").unwrap(), r#"{ "id":"seven"}"#);
        assert_eq!(call(&[], "", "").unwrap(), "{}");
        assert_eq!(call(&[], "", "[1]").unwrap(), "[1]");
        // Not a way to put more than a value into the call.
        assert_eq!(call(&[], "id=1,%22name%22:2", "").unwrap(), r#"{"id":"1,\"name\":2"}"#);
    }

    proptest! {
        #[test]
        fn whatever_the_address_says_the_call_is_json(
            path in ".*",
            query in "((id|name|tags|x|%69d)=([ -~]{0,6}|%[0-9a-f]{2}|\\+)&?){0,6}",
            members in "(\"a\":1)?",
        ) {
            for body in [String::new(), format!("{{{members}}}")] {
                if let Ok(json) = call(&[("name", &path)], &query, &body) {
                    let parsed: Result<Value, _> = serde_json::from_str(&json);
                    prop_assert!(parsed.is_ok_and(|value| value.is_object()), "{}", json);
                }
            }
        }
    }

    #[test]
    fn what_the_operation_does_not_have_is_refused() {
        for (query, said) in [
            ("nane=x", "no parameter \"nane\""),
            ("id=1&id=2", "twice"),
            ("name=%ff", "not UTF-8"),
            ("name=%f", "not UTF-8"),
        ] {
            assert!(call(&[], query, "").unwrap_err().contains(said), "{query}");
        }
        assert!(call(&[("id", "1")], "", "[1]").unwrap_err().contains("object"));
        let many = "tags=x&".repeat(PARAMETERS_MAX + 1);
        assert!(call(&[], &many, "").unwrap_err().contains("more than"));
    }
}
