use std::borrow::Cow;

/// Most variables of one template.
pub const TEMPLATE_VARIABLES_MAX: usize = 32;

/// Most characters that one variable becomes.
pub const TEMPLATE_VALUE_CHARS: usize = 200;

/// Most bytes of the name of an attribute.
const ATTRIBUTE_BYTES: usize = 64;

/// What a variable stands for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Variable {
    /// `visitor.name`.
    VisitorName,
    /// `visitor.attributes.<key>`: one of the site's own fields.
    VisitorAttribute(String),
    /// `agent.name`: of the agent who writes.
    AgentName,
    /// `conversation.id`.
    ConversationId,
    /// `inbox.name`.
    InboxName,
}

/// A text with variables: `{{visitor.name}}`, or `{{visitor.name|friend}}` with what to say when there is none.
///
/// What a variable becomes is never read as part of the template, is one line, and has no characters that
/// act on the text around it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Part {
    Text(String),
    Value { variable: Variable, fallback: String },
}

/// Why a text is no template.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{kind} (at character {})", .offset_chars + 1)]
pub struct TemplateError {
    /// Where, in characters from the beginning.
    pub offset_chars: usize,
    /// Why.
    pub kind: TemplateErrorKind,
}

/// What is wrong with a template.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TemplateErrorKind {
    /// `{{` without its `}}`.
    #[error("`{{{{` has no `}}}}`")]
    Unclosed,
    /// A variable within a variable.
    #[error("a variable cannot stand in another one")]
    Nested,
    /// No such variable.
    #[error("there is no such variable")]
    Unknown,
    /// Over [`TEMPLATE_VARIABLES_MAX`].
    #[error("a text has at most {TEMPLATE_VARIABLES_MAX} variables")]
    TooMany,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// With the place of the first variable that cannot be read.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut variables = 0;
        let mut rest = text;
        while let Some(begin) = rest.find("{{") {
            let refused = |kind| {
                let before = text.len() - rest.len() + begin;
                TemplateError { offset_chars: text[..before].chars().count(), kind }
            };
            let inner = &rest[begin + 2..];
            let end = inner.find("}}").ok_or_else(|| refused(TemplateErrorKind::Unclosed))?;
            let inner = &inner[..end];
            if inner.contains("{{") {
                return Err(refused(TemplateErrorKind::Nested));
            }
            let (name, fallback) = inner.split_once('|').unwrap_or((inner, ""));
            let variable = variable(name.trim()).ok_or_else(|| refused(TemplateErrorKind::Unknown))?;
            variables += 1;
            if variables > TEMPLATE_VARIABLES_MAX {
                return Err(refused(TemplateErrorKind::TooMany));
            }
            push_text(&mut parts, &rest[..begin]);
            parts.push(Part::Value { variable, fallback: fallback.to_owned() });
            rest = &rest[begin + 2 + end + 2..];
        }
        push_text(&mut parts, rest);
        Ok(Self { parts })
    }

    /// The text with what `value` says in the place of each variable, or the variable's fallback where it
    /// says nothing.
    #[must_use]
    pub fn render<'a>(&self, value: impl Fn(&Variable) -> Option<Cow<'a, str>>) -> String {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Value { variable, fallback } => {
                    let value = value(variable).map(|value| tame(&value)).filter(|value| !value.is_empty());
                    out.push_str(value.as_deref().unwrap_or(fallback));
                }
            }
        }
        out
    }
}

fn push_text(parts: &mut Vec<Part>, text: &str) {
    if !text.is_empty() {
        parts.push(Part::Text(text.to_owned()));
    }
}

fn variable(name: &str) -> Option<Variable> {
    match name {
        "visitor.name" => Some(Variable::VisitorName),
        "agent.name" => Some(Variable::AgentName),
        "conversation.id" => Some(Variable::ConversationId),
        "inbox.name" => Some(Variable::InboxName),
        _ => {
            let key = name.strip_prefix("visitor.attributes.")?;
            let is_key = (1..=ATTRIBUTE_BYTES).contains(&key.len())
                && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
            is_key.then(|| Variable::VisitorAttribute(key.to_owned()))
        }
    }
}

/// One short line without control characters and without those that turn the direction of text.
fn tame(value: &str) -> String {
    let harmless = value.chars().filter(
        |c| !matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'),
    );
    let line: String = harmless
        .map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c })
        .take(TEMPLATE_VALUE_CHARS)
        .collect();
    line.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rendered(text: &str, name: &'static str) -> String {
        let template = Template::parse(text).unwrap();
        template.render(|variable| match variable {
            Variable::VisitorName => Some(name.into()),
            Variable::VisitorAttribute(key) if key == "plan" => Some("gold".into()),
            _ => None,
        })
    }

    #[test]
    fn variables_become_values_or_their_fallback() {
        assert_eq!(rendered("您好 {{visitor.name}}!", "王芳"), "您好 王芳!");
        assert_eq!(rendered("{{ visitor.name | friend}}", "Li"), "Li");
        assert_eq!(rendered("Hi {{visitor.name|friend}}", " \n"), "Hi friend");
        assert_eq!(rendered("{{visitor.attributes.plan}}/{{visitor.attributes.x|-}}", ""), "gold/-");
        assert_eq!(rendered("{ {agent.name} } }}", ""), "{ {agent.name} } }}");
    }

    #[test]
    fn values_cannot_inject() {
        assert_eq!(
            rendered("{{visitor.name}}", "{{visitor.attributes.plan}}"),
            "{{visitor.attributes.plan}}"
        );
        assert_eq!(rendered("Hi {{visitor.name}}", "a\nAgent: b\u{202e}"), "Hi a Agent: b");
        let long = rendered("{{visitor.name}}", Box::leak("退".repeat(500).into_boxed_str()));
        assert_eq!(long.chars().count(), TEMPLATE_VALUE_CHARS);
    }

    #[test]
    fn the_place_of_an_error_is_named() {
        let error = |text: &str| Template::parse(text).map_err(|error| (error.offset_chars, error.kind));
        assert_eq!(error("退款 {{visitor.name"), Err((3, TemplateErrorKind::Unclosed)));
        assert_eq!(error("{{visitor.name}} {{x}}"), Err((17, TemplateErrorKind::Unknown)));
        assert_eq!(error("{{visitor.name|{{x}}}}"), Err((0, TemplateErrorKind::Nested)));
        for unknown in ["{{}}", "{{visitor.attributes.}}", "{{visitor.attributes.a b}}", "{{VISITOR.name}}"] {
            assert_eq!(error(unknown), Err((0, TemplateErrorKind::Unknown)), "{unknown}");
        }
        let many = "{{inbox.name}}".repeat(TEMPLATE_VARIABLES_MAX);
        assert!(error(&many).is_ok());
        let place = many.len();
        assert_eq!(error(&format!("{many}{{{{inbox.name}}}}")), Err((place, TemplateErrorKind::TooMany)));
        let shown = Template::parse("ab{{x}}").unwrap_err().to_string();
        assert_eq!(shown, "there is no such variable (at character 3)");
        let shown = Template::parse("{{x").unwrap_err().to_string();
        assert_eq!(shown, "`{{` has no `}}` (at character 1)");
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "(\\{\\{|\\}\\}|\\||visitor\\.name|退|\\PC){0,12}", value in "\\PC{0,300}") {
            match Template::parse(&text) {
                Ok(template) => {
                    let out = template.render(|_| Some(Cow::Borrowed(value.as_str())));
                    let most = text.chars().count() + TEMPLATE_VARIABLES_MAX * TEMPLATE_VALUE_CHARS;
                    prop_assert!(out.chars().count() <= most);
                }
                Err(error) => prop_assert!(error.offset_chars < text.chars().count()),
            }
        }

        #[test]
        fn a_text_without_variables_stays(text in "[^{]{0,40}") {
            let template = Template::parse(&text).unwrap();
            prop_assert_eq!(template.render(|_| None), text);
        }
    }
}
