//! Definitions: types, constants, services and their functions.

use super::Parser;
use crate::thrift::{
    idl::{
        lexer::{SyntaxError, Token},
        model::{
            Const, EnumValue, Field, Function, ReferenceBody, Requiredness, Service, StructKind, TypeBody,
            TypeDefinition,
        },
    },
    schema::FIELDS_MAX,
};

impl Parser<'_, '_> {
    pub(super) fn definition(&mut self) -> Result<(), SyntaxError> {
        let doc = self.take_doc();
        let Token::Word(word) = self.token else { return self.error("a definition") };
        match word {
            "typedef" => self.typedef(doc)?,
            "enum" => self.enumeration(doc)?,
            "senum" => self.string_enumeration(doc)?,
            "struct" => self.structure(StructKind::Struct, doc)?,
            "union" => self.structure(StructKind::Union, doc)?,
            "exception" => self.structure(StructKind::Exception, doc)?,
            "const" => self.constant()?,
            "service" => self.service(doc)?,
            "include" | "cpp_include" | "namespace" => {
                return Err(SyntaxError::new(self.at, format!("`{word}` must stand before all definitions")));
            }
            _ => return self.error("a definition"),
        }
        self.separator()
    }

    fn typedef(&mut self, doc: Option<String>) -> Result<(), SyntaxError> {
        self.advance()?;
        let target = self.type_reference()?;
        let name = self.name("a type")?;
        let annotations = self.annotations()?;
        self.file.types.push(TypeDefinition { name, doc, annotations, body: TypeBody::Typedef(target) });
        Ok(())
    }

    fn enumeration(&mut self, doc: Option<String>) -> Result<(), SyntaxError> {
        self.advance()?;
        let name = self.name("an enum")?;
        self.expect('{')?;
        let mut values = Vec::new();
        while !self.eat('}')? {
            let name = self.name("a value of the enum, or `}`")?;
            let mut number = None;
            if self.eat('=')? {
                let Token::Integer(value) = self.token else { return self.error("an integer") };
                number = Some((value, self.at));
                self.advance()?;
            }
            self.annotations()?;
            self.separator()?;
            values.push(EnumValue { name, number });
        }
        let annotations = self.annotations()?;
        self.file.types.push(TypeDefinition { name, doc, annotations, body: TypeBody::Enum(values) });
        Ok(())
    }

    fn string_enumeration(&mut self, doc: Option<String>) -> Result<(), SyntaxError> {
        self.warn(self.at, "`senum` is deprecated; it is read as `string`");
        self.advance()?;
        let name = self.name("a senum")?;
        self.expect('{')?;
        while !self.eat('}')? {
            self.literal("a text or `}`")?;
            self.separator()?;
        }
        let annotations = self.annotations()?;
        self.file.types.push(TypeDefinition { name, doc, annotations, body: TypeBody::StringEnum });
        Ok(())
    }

    fn structure(&mut self, kind: StructKind, doc: Option<String>) -> Result<(), SyntaxError> {
        self.advance()?;
        let what = match kind {
            StructKind::Struct => "a struct",
            StructKind::Union => "a union",
            StructKind::Exception => "an exception",
        };
        let name = self.name(what)?;
        self.eat_word("xsd_all")?;
        self.expect('{')?;
        let fields = self.fields('}')?;
        let annotations = self.annotations()?;
        self.file.types.push(TypeDefinition { name, doc, annotations, body: TypeBody::Struct(kind, fields) });
        Ok(())
    }

    fn constant(&mut self) -> Result<(), SyntaxError> {
        self.advance()?;
        let type_reference = self.type_reference()?;
        let name = self.name("a constant")?;
        self.expect('=')?;
        let value = self.const_value()?;
        self.file.consts.push(Const { name, type_reference, value });
        Ok(())
    }

    fn service(&mut self, doc: Option<String>) -> Result<(), SyntaxError> {
        self.advance()?;
        let name = self.name("a service")?;
        let extends = if self.eat_word("extends")? { Some(self.name("a service")?) } else { None };
        self.expect('{')?;
        let mut functions = Vec::new();
        while !self.eat('}')? {
            functions.push(self.function()?);
        }
        self.annotations()?;
        self.file.services.push(Service { name, extends, functions, doc });
        Ok(())
    }

    fn function(&mut self) -> Result<Function, SyntaxError> {
        let doc = self.take_doc();
        let at = self.at;
        let is_async = self.eat_word("async")?;
        if is_async {
            self.warn(at, "`async` is deprecated; write `oneway`");
        }
        let oneway = is_async || self.eat_word("oneway")?;
        let returns = self.return_type()?;
        if matches!(returns.body, ReferenceBody::Void) {
            self.annotations()?;
        }
        let name = self.name("a function")?;
        self.expect('(')?;
        let arguments = self.fields(')')?;
        let mut throws = Vec::new();
        if self.eat_word("throws")? {
            self.expect('(')?;
            throws = self.fields(')')?;
        }
        let annotations = self.annotations()?;
        self.separator()?;
        Ok(Function { name, oneway, returns, arguments, throws, doc, annotations })
    }

    /// Fields up to the closing symbol, which is taken, too.
    fn fields(&mut self, close: char) -> Result<Vec<Field>, SyntaxError> {
        let mut fields = Vec::new();
        while !self.eat(close)? {
            if fields.len() >= FIELDS_MAX {
                return Err(SyntaxError::new(self.at, format!("more than {FIELDS_MAX} fields")));
            }
            fields.push(self.field()?);
        }
        Ok(fields)
    }

    fn field(&mut self) -> Result<Field, SyntaxError> {
        let doc = self.take_doc();
        let mut id = None;
        if let Token::Integer(value) = self.token {
            id = Some((value, self.at));
            self.advance()?;
            self.expect(':')?;
        }
        let requiredness = if self.eat_word("required")? {
            Requiredness::Required
        } else if self.eat_word("optional")? {
            Requiredness::Optional
        } else {
            Requiredness::Default
        };
        let type_reference = self.type_reference()?;
        self.eat('&')?;
        let name = self.field_name()?;
        let default = if self.eat('=')? { Some(Box::new(self.const_value()?)) } else { None };
        self.eat_word("xsd_optional")?;
        self.eat_word("xsd_nillable")?;
        if self.eat_word("xsd_attrs")? {
            self.expect('{')?;
            self.nested(|parser| parser.fields('}'))?;
        }
        let annotations = self.annotations()?;
        self.separator()?;
        Ok(Field { name, id, requiredness, type_reference, default, doc, annotations })
    }
}
