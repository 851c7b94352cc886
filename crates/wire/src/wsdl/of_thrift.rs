//! A service of Thrift, described for clients of SOAP.
//!
//! The description says in SOAP what the IDL says in Thrift, so that the JSON of a message is the same on both sides: a
//! struct is a type, a union one whose members are all optional, an exception a fault of its name. What a function
//! returns is the only member of the reply, `return`. A map, a list of lists and a set of lists have no such
//! counterpart.

use std::collections::HashSet;

use super::{FieldSpec, OperationSpec, ServiceSpec, TypeSpec};
use crate::{
    Error, Problem,
    thrift::{
        Schema, StructId, Type,
        schema::{EnumId, Field, Function, Requiredness, Service},
    },
};

/// The member of a reply that is what the function returns.
const RETURN: &str = "return";

/// What describes a service, and why functions that it lacks cannot be described; the path of each error begins with
/// the function.
#[must_use]
pub fn of_thrift(
    schema: &Schema,
    service: &Service,
    namespace: &str,
    location: &str,
) -> (ServiceSpec, Vec<Error>) {
    let mut describer = Describer { schema, structs: HashSet::new(), enums: HashSet::new() };
    let (mut operations, mut errors) = (Vec::new(), Vec::new());
    for function in schema.functions(service) {
        match describer.operation(function) {
            Ok(operation) => operations.push(operation),
            Err(error) => errors.push(error.in_field(&function.name)),
        }
    }
    let spec = ServiceSpec {
        name: service.name.clone(),
        namespace: namespace.to_owned(),
        location: location.to_owned(),
        doc: service.doc.clone(),
        types: describer.types(),
        operations,
    };
    (spec, errors)
}

struct Describer<'s> {
    schema: &'s Schema,
    /// What the operations so far lead to.
    structs: HashSet<StructId>,
    enums: HashSet<EnumId>,
}

impl Describer<'_> {
    fn operation(&mut self, function: &Function) -> Result<OperationSpec, Error> {
        let schema = self.schema;
        let (mut structs, mut enums) = (HashSet::new(), HashSet::new());
        let result = schema.structure(function.result).fields();
        let is_thrown = |field: &&Field| !(field.id == 0 && function.returns.is_some());
        let arguments = schema.structure(function.arguments).fields();
        for field in arguments.iter().chain(result) {
            self.reach(field, &mut structs, &mut enums).map_err(|error| error.in_field(&field.name))?;
        }
        let mut faults = Vec::new();
        for field in result.iter().filter(is_thrown) {
            if let Type::Struct(id) = field.ty {
                let exception = schema.structure(id);
                faults.push((exception.name.clone(), self.fields(exception.fields())?));
            }
        }
        let output = match function.returns {
            _ if function.oneway => None,
            None => Some(Vec::new()),
            Some(ty) => {
                let (ty, many) = self.of_type(ty)?;
                Some(vec![FieldSpec { required: false, many, ..FieldSpec::new(RETURN, ty) }])
            }
        };
        let input = self.fields(arguments)?;
        self.structs.extend(structs);
        self.enums.extend(enums);
        Ok(OperationSpec { name: function.name.clone(), doc: function.doc.clone(), input, output, faults })
    }

    /// Collects the types that a field leads to, if all of them can be described.
    fn reach(
        &self,
        field: &Field,
        structs: &mut HashSet<StructId>,
        enums: &mut HashSet<EnumId>,
    ) -> Result<(), Error> {
        let mut open = vec![field.ty];
        while let Some(ty) = open.pop() {
            match self.of_type(ty)? {
                (TypeSpec::Named(_), _) => {}
                _ => continue,
            }
            match element(self.schema, ty) {
                Type::Enum(id) => drop(enums.insert(id)),
                Type::Struct(id) if !self.structs.contains(&id) && structs.insert(id) => {
                    let structure = self.schema.structure(id);
                    for field in structure.fields() {
                        self.of_type(field.ty)
                            .map_err(|error| error.in_field(&format!("{}.{}", structure.name, field.name)))?;
                        open.push(field.ty);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn fields(&self, fields: &[Field]) -> Result<Vec<FieldSpec>, Error> {
        let field = |field: &Field| {
            let (ty, many) = self.of_type(field.ty).map_err(|error| error.in_field(&field.name))?;
            let required = field.requiredness == Requiredness::Required;
            Ok(FieldSpec { required, many, ..FieldSpec::new(&field.name, ty) })
        };
        fields.iter().map(field).collect()
    }

    /// A type, and whether there may be many of it.
    fn of_type(&self, ty: Type) -> Result<(TypeSpec, bool), Error> {
        let schema = self.schema;
        let spec = match ty {
            Type::Bool => TypeSpec::Boolean,
            Type::I8 => TypeSpec::Byte,
            Type::I16 => TypeSpec::Short,
            Type::I32 => TypeSpec::Int,
            Type::I64 => TypeSpec::Integer,
            Type::Double => TypeSpec::Number,
            Type::String | Type::Uuid => TypeSpec::String,
            Type::Binary => TypeSpec::Bytes,
            Type::Enum(id) => TypeSpec::Named(schema.enumeration(id).name.clone()),
            Type::Struct(id) => TypeSpec::Named(schema.structure(id).name.clone()),
            Type::List(id) | Type::Set(id) => match self.of_type(schema.element(id))? {
                (spec, false) => return Ok((spec, true)),
                (_, true) => return Err(no_counterpart("a list of lists")),
            },
            Type::Map(_) => return Err(no_counterpart("a map")),
        };
        Ok((spec, false))
    }

    /// The types that were reached, in the order of the schema.
    fn types(&self) -> Vec<(String, TypeSpec)> {
        let structs = self.schema.structures().filter(|(id, _)| self.structs.contains(id));
        let structs = structs.map(|(_, structure)| {
            // They were looked at when they were reached.
            let fields = self.fields(structure.fields()).unwrap_or_default();
            (structure.name.clone(), TypeSpec::Object(fields))
        });
        let enums = self.enums.iter().map(|id| self.schema.enumeration(*id));
        let enums = enums.map(|found| {
            let names = found.values.iter().map(|(name, _)| name.clone());
            (found.name.clone(), TypeSpec::Enum(names.collect()))
        });
        let mut enums: Vec<_> = enums.collect();
        enums.sort_by(|(one, _), (other, _)| one.cmp(other));
        structs.chain(enums).collect()
    }
}

fn element(schema: &Schema, ty: Type) -> Type {
    match ty {
        Type::List(id) | Type::Set(id) => schema.element(id),
        ty => ty,
    }
}

fn no_counterpart(what: &str) -> Error {
    Error::new(Problem::Malformed(format!("{what} has no counterpart in a description of SOAP").into()))
}
