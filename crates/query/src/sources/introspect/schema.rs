//! What operations of services give, by the JSON Schema of their descriptions.

use std::path::Path;

use serde_json::{Value as Json, json};

use super::{DraftScalar, Drafted, are_names, field, type_name};
use crate::sources::{SourceOpenError, file, service::openapi::OpenApi};

/// Levels of members with only one member that are looked through for rows.
const LEVELS: usize = 4;

/// An operation in the words of JSON Schema.
struct Operation {
    name: String,
    /// How the draft calls it: `op: GetTicket` or `get: "/tickets/{id}"`.
    call: String,
    parameters: Vec<(String, Json)>,
    answer: Json,
}

/// The types that operations of a described service give.
pub(super) fn types(kind: &str, settings: &Json, dir: &Path) -> Result<Vec<Drafted>, SourceOpenError> {
    let key = match kind {
        "soap" => "wsdl",
        "thrift" => "idl",
        _ => "openapi",
    };
    // A service that nothing describes has no types of its own.
    let Some(path) = settings[key].as_str() else { return Ok(Vec::new()) };
    let path = dir.join(path);
    let failed = |text| SourceOpenError::new(key, text);
    let unwritten = |_| SourceOpenError::new(key, "its schema cannot be written as JSON");
    let (document, operations) = match kind {
        "soap" => {
            let definitions = file::wsdl(&path).map_err(failed)?;
            let document =
                serde_json::from_str(&kefu_wire::wsdl::json_schema(&definitions)).map_err(unwritten)?;
            let operations = of_soap(&document, settings["service"].as_str());
            (document, operations)
        }
        "thrift" => {
            let schema = file::idl(&path).map_err(failed)?;
            let document = serde_json::from_str(&kefu_wire::thrift::json_schema::document(&schema))
                .map_err(unwritten)?;
            let operations = of_thrift(&document, settings["service"].as_str());
            (document, operations)
        }
        _ => {
            let openapi = OpenApi::read(&path).map_err(failed)?;
            let operations = of_openapi(&openapi);
            (openapi.0, operations)
        }
    };
    let mut types: Vec<Drafted> = Vec::new();
    for operation in operations {
        let Some((path, rows, is_list)) = rows(&document, &operation.answer, String::new(), LEVELS) else {
            continue;
        };
        add(&mut types, &document, &operation, &path, rows, is_list);
    }
    for drafted in &mut types {
        drafted.access.insert(0, "access:".to_owned());
    }
    Ok(types)
}

fn members(value: &Json) -> Vec<(String, Json)> {
    value.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn of_soap(document: &Json, service: Option<&str>) -> Vec<Operation> {
    let services = document["services"].as_object().into_iter().flatten();
    let mut services = services.filter(|(name, _)| service.is_none_or(|wanted| wanted == name.as_str()));
    let ports = services.next().and_then(|(_, service)| service["ports"].as_object()?.values().next());
    let operations = ports.map(|port| members(&port["operations"])).unwrap_or_default();
    operations
        .into_iter()
        .map(|(name, operation)| {
            let output = resolved(document, &operation["output"]);
            Operation {
                call: format!("op: {name}"),
                parameters: members(&resolved(document, &operation["input"])["properties"]),
                // What the only part of a reply holds is what is given.
                answer: match members(&output["properties"]).as_slice() {
                    [(_, only)] => only.clone(),
                    _ => output.clone(),
                },
                name,
            }
        })
        .collect()
}

fn of_thrift(document: &Json, service: Option<&str>) -> Vec<Operation> {
    let services = document["services"].as_object().into_iter().flatten();
    let mut services = services.filter(|(name, _)| service.is_none_or(|wanted| wanted == name.as_str()));
    let functions = services.next().map(|(_, service)| members(&service["functions"])).unwrap_or_default();
    functions
        .into_iter()
        .map(|(name, function)| Operation {
            call: format!("op: {name}"),
            parameters: members(&function["arguments"]["properties"])
                .into_iter()
                .filter(|(name, _)| !name.starts_with('$'))
                .collect(),
            answer: function["returns"].clone(),
            name,
        })
        .collect()
}

/// Those that only read.
fn of_openapi(openapi: &OpenApi) -> Vec<Operation> {
    let reading = openapi.operations().filter(|operation| operation.method == ::http::Method::GET);
    reading
        .map(|operation| {
            let parameters = operation.node["parameters"].as_array().into_iter().flatten();
            let parameters =
                parameters.map(|parameter| openapi.resolved(parameter)).filter_map(|parameter| {
                    let is_sent = matches!(parameter["in"].as_str(), Some("path" | "query"));
                    is_sent.then(|| {
                        Some((parameter["name"].as_str()?.to_owned(), parameter["schema"].clone()))
                    })?
                });
            let responses = &operation.node["responses"];
            let response = ["200", "2XX", "default"].iter().find_map(|status| responses.get(status));
            let response = response.map(|response| openapi.resolved(response).clone()).unwrap_or_default();
            Operation {
                name: operation.id.to_owned(),
                call: format!("op: {}", operation.id),
                parameters: parameters.collect(),
                answer: response["content"]["application/json"]["schema"].clone(),
            }
        })
        .collect()
}

/// A schema behind its reference, and without the null that it may be.
fn resolved<'s>(document: &'s Json, mut schema: &'s Json) -> &'s Json {
    for _ in 0..16 {
        if let Some(reference) = schema["$ref"].as_str() {
            let found = reference.strip_prefix('#').and_then(|pointer| document.pointer(pointer));
            match found {
                Some(found) => schema = found,
                None => return schema,
            }
        } else if let Some([one]) = schema["anyOf"]
            .as_array()
            .map(|all| all.iter().filter(|one| one["type"] != "null").collect::<Vec<_>>())
            .as_deref()
        {
            schema = one;
        } else {
            return schema;
        }
    }
    schema
}

/// Where rows are in an answer: the path, the schema of one, and whether there are many.
fn rows<'s>(
    document: &'s Json,
    answer: &'s Json,
    path: String,
    levels: usize,
) -> Option<(String, &'s Json, bool)> {
    let answer = resolved(document, answer);
    if is_list(document, answer) {
        let item = resolved(document, &answer["items"]);
        return item["properties"].is_object().then_some((path, item, true));
    }
    let properties = answer["properties"].as_object()?;
    let mut own = properties.iter().filter(|(name, _)| !name.starts_with('$'));
    // What holds nothing but one list or object is what is around the rows.
    if let (Some((name, only)), None, true) = (own.next(), own.next(), levels > 0) {
        let inner = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        if let Some(found) = rows(document, only, inner, levels - 1) {
            return Some(found);
        }
    }
    Some((path, answer, false))
}

fn is_list(document: &Json, schema: &Json) -> bool {
    resolved(document, schema)["type"] == "array"
}

fn add(
    types: &mut Vec<Drafted>,
    document: &Json,
    operation: &Operation,
    path: &str,
    row: &Json,
    is_list_of_rows: bool,
) {
    let mut drafted = Drafted { name: type_of(operation, document, row), ..Drafted::default() };
    drafted.at.clone_from(&drafted.name);
    let required: Vec<&str> =
        row["required"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
    for (name, schema) in members(&row["properties"]) {
        if name.starts_with('$') {
            continue;
        }
        let scalar = scalar(document, &schema);
        let made = field(&drafted.fields, &name, scalar, !required.contains(&name.as_str()));
        drafted.fields.push(made);
    }
    let result = if path.is_empty() { String::new() } else { format!(", result: {path}") };
    if let Some(known) = types.iter_mut().find(|known| known.name == drafted.name) {
        access(known, document, operation, &result, is_list_of_rows);
        return;
    }
    access(&mut drafted, document, operation, &result, is_list_of_rows);
    if !drafted.access.is_empty() && !drafted.fields.is_empty() {
        types.push(drafted);
    }
}

/// How an operation finds objects: by its only parameter, if that is a field; else it lists them.
fn access(
    drafted: &mut Drafted,
    document: &Json,
    operation: &Operation,
    result: &str,
    is_list_of_rows: bool,
) {
    let call = &operation.call;
    if let [(name, schema)] = operation.parameters.as_slice() {
        let schema = resolved(document, schema);
        // An array within an object, as some toolkits write lists.
        let inner = members(&schema["properties"]);
        let (arg, is_batch) = match inner.as_slice() {
            [(inner, schema)] if is_list(document, schema) => (format!("{name}.{inner}"), true),
            _ => (name.clone(), is_list(document, schema)),
        };
        let by = drafted.fields.iter().find(|field| {
            let names = [field.name.clone(), format!("{}s", field.name), format!("{}List", field.name)];
            names.iter().any(|known| known.eq_ignore_ascii_case(&name.replace('_', "")))
                || (is_batch && name == "ids" && field.name == "id")
        });
        if let Some(by) = by.map(|field| field.name.clone()) {
            let way = if is_batch { "by_keys" } else { "by_key" };
            if drafted.found_by.contains(&by) {
                drafted.notes.push(format!("{call} finds it as well"));
                return;
            }
            drafted.access.push(format!("  {way}: {{ {by}: {{ {call}, arg: {arg}{result} }} }}"));
            if !is_list_of_rows && drafted.key.is_empty() {
                drafted.key.push(by.clone());
            }
            drafted.found_by.push(by);
            return;
        }
    }
    if is_list_of_rows && !drafted.lists {
        let names: Vec<&str> = operation.parameters.iter().map(|(name, _)| name.as_str()).collect();
        drafted.access.push(format!("  list: {{ {call}{result} }}"));
        drafted.lists = true;
        if !names.is_empty() {
            drafted.notes.push(format!("{} takes {}", operation.name, names.join(", ")));
        }
    }
}

/// The name of a row's type: its title, that of its definition, or that of the operation.
fn type_of(operation: &Operation, document: &Json, row: &Json) -> String {
    if let Some(title) = row["title"].as_str() {
        // Names of XML have their namespace in front.
        return type_name(title.rsplit('}').next().unwrap_or(title));
    }
    let definitions = [&document["$defs"], &document["components"]["schemas"]];
    let known =
        definitions.iter().filter_map(|all| all.as_object()).flatten().find(|(_, schema)| *schema == row);
    let name = known.map_or(operation.name.as_str(), |(name, _)| name.rsplit('.').next().unwrap_or(name));
    type_name(name)
}

fn scalar(document: &Json, schema: &Json) -> DraftScalar {
    let values = |schema: &Json| -> Option<Vec<String>> {
        let values = schema["enum"].as_array()?;
        let values: Option<Vec<&str>> = values.iter().map(Json::as_str).collect();
        let values = values.filter(|values| !values.is_empty() && are_names(values.iter().copied()))?;
        Some(values.into_iter().map(str::to_owned).collect())
    };
    let schema = resolved(document, schema);
    // A union of names and numbers is how enums of Thrift are written.
    let named = schema["anyOf"].as_array().into_iter().flatten().find_map(values);
    if let Some(values) = values(schema).or(named) {
        return DraftScalar::Enum(values);
    }
    let types: Vec<&str> = match &schema["type"] {
        Json::String(one) => vec![one],
        Json::Array(all) => all.iter().filter_map(Json::as_str).filter(|one| *one != "null").collect(),
        _ => Vec::new(),
    };
    let format = schema["format"].as_str().unwrap_or_default();
    let is_within = |key: &str, limit: i64| schema[key].as_i64().is_some_and(|number| number.abs() <= limit);
    DraftScalar::Plain(match types.as_slice() {
        ["boolean"] => "Boolean",
        ["integer"]
            if format == "int32" || (is_within("minimum", 1 << 31) && is_within("maximum", 1 << 31)) =>
        {
            "Int"
        }
        ["integer", ..] => "BigInt",
        ["number", ..] => "Float",
        ["string"] if format == "date-time" => "DateTime",
        ["string"] if format == "date" => "Date",
        ["string"] if format == "uuid" => "ID",
        ["string"] if format == "decimal" => "Decimal",
        ["string"] => "String",
        ["array"] => match scalar(document, &schema["items"]) {
            DraftScalar::Plain(name) if name != "JSON" => return DraftScalar::List(name),
            _ => "JSON",
        },
        _ if schema["anyOf"][0]["type"] == json!("number") => "Float",
        _ => "JSON",
    })
}
