//! The channel files that come with kefu.

/// Names and texts of the files, Chinese services first.
pub const SHIPPED: &[(&str, &str)] = &[
    ("wechat", include_str!("../channels/wechat.yaml")),
    ("wechat-aes", include_str!("../channels/wechat-aes.yaml")),
    ("wecom-kf", include_str!("../channels/wecom-kf.yaml")),
    ("feishu", include_str!("../channels/feishu.yaml")),
    ("dingtalk", include_str!("../channels/dingtalk.yaml")),
    ("webhook", include_str!("../channels/webhook.yaml")),
    ("chatwoot", include_str!("../channels/chatwoot.yaml")),
    ("telegram", include_str!("../channels/telegram.yaml")),
    ("whatsapp", include_str!("../channels/whatsapp.yaml")),
    ("line", include_str!("../channels/line.yaml")),
    ("slack", include_str!("../channels/slack.yaml")),
    ("email", include_str!("../channels/email.yaml")),
];

/// The text of a file that comes with kefu.
#[must_use]
pub fn shipped(id: &str) -> Option<&'static str> {
    SHIPPED.iter().find(|(name, _)| *name == id).map(|(_, text)| *text)
}
