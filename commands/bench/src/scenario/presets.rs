//! Scenarios that come with kefu: to begin with, or to copy and change.

/// Names and texts.
const PRESETS: [(&str, &str); 7] = [
    ("chat", include_str!("presets/chat.yaml")),
    ("chat-resume", include_str!("presets/chat-resume.yaml")),
    ("gofly", include_str!("presets/gofly.yaml")),
    ("graphql", include_str!("presets/graphql.yaml")),
    ("http", include_str!("presets/http.yaml")),
    ("soap", include_str!("presets/soap.yaml")),
    ("webhook", include_str!("presets/webhook.yaml")),
];

/// The text of a preset.
pub(super) fn text(name: &str) -> Option<&'static str> {
    PRESETS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// All names, for people.
pub(super) fn names() -> String {
    PRESETS.map(|(name, _)| name).join(", ")
}
