//! In the place of the data layer in a build without it: the settings that need one are refused.

use axum::Router;
use kefu_app::{Exit, Failure, Text};

use crate::{services::Services, settings::Settings};

/// No data layer.
#[derive(Clone, Default)]
pub(crate) struct Graphql;

impl Graphql {
    /// Refuses a data layer.
    ///
    /// # Errors
    /// When the settings have one.
    pub(crate) async fn load(settings: &Settings) -> Result<Self, Failure> {
        if settings.graphql.file.is_none() {
            return Ok(Self);
        }
        let text = Text::new(
            "cannot use `serve.graphql.file`: this kefu was built without the data layer (the feature `graphql`)",
            "无法使用 `serve.graphql.file`:此 kefu 构建时未包含数据层(特性 `graphql`)",
        );
        Err(Failure::new(Exit::Config, text))
    }

    pub(crate) fn metrics_text(&self) -> String {
        String::new()
    }

    pub(crate) fn close(&self) {}
}

pub(crate) fn router(_services: Services) -> Router {
    Router::new()
}
