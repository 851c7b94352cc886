//! Schemas that a bridge file names, and the services in them.

use std::path::{Path, PathBuf};

use kefu_app::{Failure, Text};
use kefu_wire::{Limits, thrift::Schema, wsdl::Definitions};

use super::Build;
use crate::schemas::{self, Described};

impl Build<'_> {
    pub(super) fn interface(
        &mut self,
        index: usize,
        key: &str,
        file: &Path,
        include: &[PathBuf],
    ) -> Result<Schema, Failure> {
        let include: Vec<PathBuf> = include.iter().map(|folder| self.path(folder)).collect();
        let limits = Limits::default();
        schemas::thrift(&self.path(file), &include, &limits, &mut self.warnings)
            .map_err(|cause| self.unusable(index, key, file, &cause))
    }

    pub(super) fn description(&mut self, index: usize, key: &str, file: &Path) -> Result<Described, Failure> {
        let limits = Limits::default();
        schemas::soap(&self.path(file), &limits, &mut self.warnings)
            .map_err(|cause| self.unusable(index, key, file, &cause))
    }

    fn unusable(&self, index: usize, key: &str, file: &Path, cause: &str) -> Failure {
        let file = file.display();
        let text = Text::new(
            format!("the schema {file} cannot be used: {cause}"),
            format!("无法使用架构文件 {file}:{cause}"),
        );
        self.reject(index, key, text)
    }

    /// Chooses a service: the one that is named, or the only one.
    fn choose(
        &self,
        index: usize,
        key: &str,
        names: &[&str],
        wanted: Option<&str>,
    ) -> Result<usize, Failure> {
        let known = names.join(", ");
        match (wanted, names) {
            (Some(wanted), names) => names.iter().position(|name| *name == wanted).ok_or_else(|| {
                let text = Text::new(
                    format!("there is no service {wanted:?}, only: {known}"),
                    format!("没有服务 {wanted:?},只有:{known}"),
                );
                self.reject(index, key, text)
            }),
            (None, [_]) => Ok(0),
            (None, []) => {
                Err(self.reject(index, key, Text::new("the schema has no service", "架构文件中没有服务")))
            }
            (None, _) => {
                let text = Text::new(
                    format!("must name one of the services: {known}"),
                    format!("必须指定其中一个服务:{known}"),
                );
                Err(self.reject(index, key, text))
            }
        }
    }

    pub(super) fn thrift_service(
        &self,
        index: usize,
        key: &str,
        schema: &Schema,
        wanted: Option<&str>,
    ) -> Result<String, Failure> {
        let all = schema.services().iter().map(|service| service.name.as_str());
        // Those of included files are chosen only by their names.
        let names: Vec<&str> = all.filter(|name| wanted.is_some() || !name.contains('.')).collect();
        self.choose(index, key, &names, wanted).map(|chosen| names[chosen].to_owned())
    }

    pub(super) fn soap_service(
        &self,
        index: usize,
        key: &str,
        definitions: &Definitions,
        wanted: Option<&str>,
    ) -> Result<usize, Failure> {
        let names: Vec<&str> = definitions.services.iter().map(|service| service.name.as_str()).collect();
        let chosen = self.choose(index, key, &names, wanted)?;
        if definitions.services[chosen].ports.is_empty() {
            let text = Text::new("the service has no port of SOAP", "该服务没有 SOAP 端口");
            return Err(self.reject(index, key, text));
        }
        Ok(chosen)
    }
}
