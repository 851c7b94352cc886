//! Types and constant values.

use super::{Parser, words::is_keyword};
use crate::thrift::idl::{
    lexer::{SyntaxError, Token},
    model::{BaseType, ConstBody, ConstValue, ReferenceBody, TypeReference},
};

impl Parser<'_, '_> {
    /// A type that a value can have, with its annotations.
    pub(super) fn type_reference(&mut self) -> Result<TypeReference, SyntaxError> {
        if self.is_word("void") {
            return Err(SyntaxError::new(self.at, "`void` can only be what a function returns"));
        }
        let reference = self.nested(Self::type_without_annotations)?;
        self.annotations()?;
        Ok(reference)
    }

    /// What a function returns.
    pub(super) fn return_type(&mut self) -> Result<TypeReference, SyntaxError> {
        let at = self.at;
        if self.eat_word("void")? {
            return Ok(TypeReference { at, body: ReferenceBody::Void });
        }
        self.type_reference()
    }

    fn type_without_annotations(&mut self) -> Result<TypeReference, SyntaxError> {
        let at = self.at;
        let Token::Word(word) = self.token else { return self.error("a type") };
        let body = match word {
            "bool" => ReferenceBody::Base(BaseType::Bool),
            "byte" | "i8" => ReferenceBody::Base(BaseType::I8),
            "i16" => ReferenceBody::Base(BaseType::I16),
            "i32" => ReferenceBody::Base(BaseType::I32),
            "i64" => ReferenceBody::Base(BaseType::I64),
            "double" => ReferenceBody::Base(BaseType::Double),
            "string" => ReferenceBody::Base(BaseType::String),
            "binary" => ReferenceBody::Base(BaseType::Binary),
            "uuid" => ReferenceBody::Base(BaseType::Uuid),
            "list" | "set" | "map" => return self.container(word),
            word if is_keyword(word) => return self.error("a type"),
            name => ReferenceBody::Named(name.to_owned()),
        };
        self.advance()?;
        Ok(TypeReference { at, body })
    }

    fn container(&mut self, word: &str) -> Result<TypeReference, SyntaxError> {
        let at = self.at;
        self.advance()?;
        self.cpp_type()?;
        self.expect('<')?;
        let first = Box::new(self.type_reference()?);
        let body = match word {
            "list" => ReferenceBody::List(first),
            "set" => ReferenceBody::Set(first),
            _ => {
                self.expect(',')?;
                ReferenceBody::Map(first, Box::new(self.type_reference()?))
            }
        };
        self.expect('>')?;
        // Lists once had it behind.
        if word == "list" {
            self.cpp_type()?;
        }
        Ok(TypeReference { at, body })
    }

    fn cpp_type(&mut self) -> Result<(), SyntaxError> {
        if self.eat_word("cpp_type")? {
            self.literal("the name of a C++ type in quotes")?;
        }
        Ok(())
    }

    pub(super) fn const_value(&mut self) -> Result<ConstValue, SyntaxError> {
        self.nested(Self::const_value_inner)
    }

    fn const_value_inner(&mut self) -> Result<ConstValue, SyntaxError> {
        let at = self.at;
        let body = match &self.token {
            Token::Symbol('[') => {
                self.advance()?;
                let mut values = Vec::new();
                while !self.eat(']')? {
                    values.push(self.const_value()?);
                    self.separator()?;
                }
                return Ok(ConstValue { at, body: ConstBody::List(values) });
            }
            Token::Symbol('{') => {
                self.advance()?;
                let mut entries = Vec::new();
                while !self.eat('}')? {
                    let key = self.const_value()?;
                    self.expect(':')?;
                    entries.push((key, self.const_value()?));
                    self.separator()?;
                }
                return Ok(ConstValue { at, body: ConstBody::Map(entries) });
            }
            Token::Integer(value) => ConstBody::Integer(*value),
            Token::Double(value) => ConstBody::Double(*value),
            Token::Literal(text) => ConstBody::Text(text.clone()),
            Token::Word("true") => ConstBody::Integer(1),
            Token::Word("false") => ConstBody::Integer(0),
            Token::Word(word) if !is_keyword(word) => ConstBody::Word((*word).to_owned()),
            _ => return self.error("a constant value"),
        };
        self.advance()?;
        Ok(ConstValue { at, body })
    }
}
