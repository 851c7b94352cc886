//! In the place of the gateway in a build without bridges: the settings that need one are refused.

use axum::Router;
use kefu_app::{Effective, Failure, Language, Stop, Text};

use crate::{services::Services, settings::Settings};

/// No bridges.
#[derive(Clone, Default)]
pub(crate) struct Bridges;

impl Bridges {
    /// Refuses whatever needs bridges.
    ///
    /// # Errors
    /// When a setting does.
    pub(crate) fn load(settings: &Effective<Settings>, _is_shadow: bool) -> Result<Self, Failure> {
        let needs = [
            ("gateway", !settings.gateway.is_empty()),
            ("ticket_service", settings.ticket_service.is_some()),
        ];
        match needs.into_iter().find(|(_, is_set)| *is_set) {
            None => Ok(Self),
            Some((path, _)) => {
                let text = Text::new(
                    "this kefu was built without bridges (the feature `bridge`)",
                    "此 kefu 构建时未包含桥接功能(特性 `bridge`)",
                );
                Err(settings.reject(path, text))
            }
        }
    }

    pub(crate) fn warn(&self) {}

    pub(crate) async fn open(&self, _services: &Services) -> Result<(), Failure> {
        Ok(())
    }

    pub(crate) fn metrics_text(&self) -> String {
        String::new()
    }

    pub(crate) async fn keep(&self, _services: &Services, _language: Language) {
        std::future::pending().await
    }

    pub(crate) async fn close(&self, _stop: Stop) {}
}

pub(crate) fn router(_services: Services) -> Router {
    Router::new()
}
