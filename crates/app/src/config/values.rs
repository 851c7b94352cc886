use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use super::setting::{Raw, Scalar, ScalarKind, Setting, Shape, Shown};
use crate::Text;

/// Says that a value of the wrong shape was given.
#[doc(hidden)]
pub fn wrong_type(takes: &Text, raw: &Raw) -> Text {
    let given = match raw {
        Raw::List(_) => Text::new("a list", "列表"),
        Raw::Scalar(Scalar { kind: ScalarKind::Null, .. }) => Text::new("nothing", "空值"),
        Raw::Scalar(Scalar { kind: ScalarKind::Boolean, text }) => Text::new(
            format!("the boolean {text} (put text in quotes)"),
            format!("布尔值 {text}(文本请加引号)"),
        ),
        Raw::Scalar(Scalar { kind: ScalarKind::Number, text }) => {
            Text::new(format!("the number {text} (put text in quotes)"), format!("数字 {text}(文本请加引号)"))
        }
        Raw::Scalar(Scalar { text, .. }) => return wrong_value(takes, text, ""),
    };
    sentence(takes, &given, "")
}

/// Says that a value cannot be read, and why when that helps.
#[doc(hidden)]
pub fn wrong_value(takes: &Text, value: &str, why: &str) -> Text {
    sentence(takes, &format!("`{value}`").into(), why)
}

fn sentence(takes: &Text, given: &Text, why: &str) -> Text {
    use crate::Language::{Chinese, English};
    let why = if why.is_empty() { String::new() } else { format!(": {why}") };
    Text::new(
        format!("must be {}, not {}{why}", takes.in_language(English), given.in_language(English)),
        format!("必须是{},而不是{}{why}", takes.in_language(Chinese), given.in_language(Chinese)),
    )
}

/// Lets configuration set a type that is read with `FromStr` and shown with `Display`.
///
/// The two texts say what it takes, in English and Chinese: "an address such as 127.0.0.1:8080".
#[macro_export]
macro_rules! setting_from_text {
    ($type:ty, $en:expr, $zh:expr) => {
        impl $crate::Setting for $type {
            fn describe(&self) -> $crate::Shape {
                $crate::Shape::Value {
                    takes: $crate::Text::new($en, $zh),
                    shown: $crate::Shown::Plain(::std::string::ToString::to_string(self), true),
                }
            }

            fn assign(
                &mut self,
                _path: &[&str],
                raw: &$crate::Raw,
            ) -> ::std::result::Result<(), $crate::Text> {
                let takes = $crate::Text::new($en, $zh);
                let $crate::Raw::Scalar($crate::Scalar {
                    text,
                    kind: $crate::ScalarKind::Text | $crate::ScalarKind::Untyped,
                }) = raw
                else {
                    return ::std::result::Result::Err($crate::wrong_type(&takes, raw));
                };
                *self = text
                    .trim()
                    .parse()
                    .map_err(|error| $crate::wrong_value(&takes, text, &::std::format!("{error}")))?;
                ::std::result::Result::Ok(())
            }
        }
    };
}

/// Lets configuration set an enum that derives `clap::ValueEnum`: the same names as on the command line.
#[macro_export]
macro_rules! setting_from_choices {
    ($type:ty) => {
        impl $crate::Setting for $type {
            fn describe(&self) -> $crate::Shape {
                $crate::Shape::Value {
                    takes: $crate::choices::<$type>(),
                    shown: $crate::Shown::Plain($crate::choice_name(self), true),
                }
            }

            fn assign(
                &mut self,
                _path: &[&str],
                raw: &$crate::Raw,
            ) -> ::std::result::Result<(), $crate::Text> {
                *self = $crate::choose(raw)?;
                ::std::result::Result::Ok(())
            }
        }
    };
}

/// Lists the names of a choice.
#[doc(hidden)]
pub fn choices<T: clap::ValueEnum>() -> Text {
    let names = T::value_variants().iter().map(choice_name).collect::<Vec<_>>().join(", ");
    Text::new(format!("one of {names}"), format!("以下之一:{names}"))
}

/// Returns the name of a chosen variant.
#[doc(hidden)]
pub fn choice_name<T: clap::ValueEnum>(choice: &T) -> String {
    choice.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

/// Reads a choice; YAML takes `off` and `no` for text, `true` and `null` for something else.
#[doc(hidden)]
pub fn choose<T: clap::ValueEnum>(raw: &Raw) -> Result<T, Text> {
    match raw {
        Raw::Scalar(Scalar { text, kind: ScalarKind::Text | ScalarKind::Untyped }) => {
            T::from_str(text.trim(), false).map_err(|_| {
                let names: Vec<_> = T::value_variants().iter().map(choice_name).collect();
                let near = super::variables::near_miss(text, names.iter().map(String::as_str));
                let why = near.map(|near| format!("did you mean `{near}`?")).unwrap_or_default();
                wrong_value(&choices::<T>(), text, &why)
            })
        }
        _ => Err(wrong_type(&choices::<T>(), raw)),
    }
}

macro_rules! whole_numbers {
    ($($type:ty),+) => { $(
        impl Setting for $type {
            fn describe(&self) -> Shape {
                let takes = Text::new(
                    format!("a whole number from 0 to {}", Self::MAX),
                    format!("0 到 {} 之间的整数", Self::MAX),
                );
                Shape::Value { takes, shown: Shown::Plain(self.to_string(), false) }
            }

            fn assign(&mut self, _path: &[&str], raw: &Raw) -> Result<(), Text> {
                match raw {
                    Raw::Scalar(Scalar { text, kind: ScalarKind::Number | ScalarKind::Untyped }) => {
                        *self = text.trim().parse().map_err(|_| wrong_value(&takes(self), text, ""))?;
                        Ok(())
                    }
                    _ => Err(wrong_type(&takes(self), raw)),
                }
            }
        }
    )+ };
}

whole_numbers!(u8, u16, u32, u64);

pub(super) fn takes(setting: &impl Setting) -> Text {
    match setting.describe() {
        Shape::Value { takes, .. } => takes,
        Shape::Group(_) | Shape::List(_) | Shape::Named(_) => Text::new("a group of settings", "一组设置"),
    }
}

impl Setting for usize {
    fn describe(&self) -> Shape {
        (*self as u64).describe()
    }

    fn assign(&mut self, path: &[&str], raw: &Raw) -> Result<(), Text> {
        let mut wide = 0_u64;
        wide.assign(path, raw)?;
        *self = Self::try_from(wide).map_err(|_| wrong_value(&takes(self), &wide.to_string(), ""))?;
        Ok(())
    }
}

impl Setting for f64 {
    fn describe(&self) -> Shape {
        Shape::Value { takes: Text::new("a number", "数字"), shown: Shown::Plain(self.to_string(), false) }
    }

    fn assign(&mut self, _path: &[&str], raw: &Raw) -> Result<(), Text> {
        match raw {
            Raw::Scalar(Scalar { text, kind: ScalarKind::Number | ScalarKind::Untyped }) => {
                let number: Self = text.trim().parse().map_err(|_| wrong_value(&takes(self), text, ""))?;
                if !number.is_finite() {
                    return Err(wrong_value(&takes(self), text, ""));
                }
                *self = number;
                Ok(())
            }
            _ => Err(wrong_type(&takes(self), raw)),
        }
    }
}

impl Setting for bool {
    fn describe(&self) -> Shape {
        Shape::Value {
            takes: Text::new("true or false", "true 或 false"),
            shown: Shown::Plain(self.to_string(), false),
        }
    }

    fn assign(&mut self, _path: &[&str], raw: &Raw) -> Result<(), Text> {
        match raw {
            Raw::Scalar(Scalar { text, kind: ScalarKind::Boolean | ScalarKind::Untyped }) => {
                *self = text.trim().parse().map_err(|_| wrong_value(&takes(self), text, ""))?;
                Ok(())
            }
            _ => Err(wrong_type(&takes(self), raw)),
        }
    }
}

impl Setting for String {
    fn describe(&self) -> Shape {
        Shape::Value { takes: Text::new("text", "文本"), shown: Shown::Plain(self.clone(), true) }
    }

    fn assign(&mut self, _path: &[&str], raw: &Raw) -> Result<(), Text> {
        match raw {
            Raw::Scalar(Scalar { text, kind: ScalarKind::Text | ScalarKind::Untyped }) => {
                self.clone_from(text);
                Ok(())
            }
            _ => Err(wrong_type(&takes(self), raw)),
        }
    }
}

impl Setting for PathBuf {
    fn describe(&self) -> Shape {
        Shape::Value {
            takes: Text::new("a path", "路径"),
            shown: Shown::Plain(self.display().to_string(), true),
        }
    }

    fn assign(&mut self, _path: &[&str], raw: &Raw) -> Result<(), Text> {
        match raw {
            Raw::Scalar(Scalar { text, kind: ScalarKind::Text | ScalarKind::Untyped })
                if !text.is_empty() =>
            {
                *self = Self::from(text);
                Ok(())
            }
            _ => Err(wrong_type(&takes(self), raw)),
        }
    }
}

crate::setting_from_text!(SocketAddr, "an address such as 127.0.0.1:8080", "形如 127.0.0.1:8080 的地址");
crate::setting_from_text!(IpAddr, "an IP address such as 127.0.0.1", "形如 127.0.0.1 的 IP 地址");

/// `None` is what stands where nothing is set: an empty value in any layer.
impl<T: Setting + Default> Setting for Option<T> {
    fn describe(&self) -> Shape {
        match self {
            Some(value) => value.describe(),
            None => match T::default().describe() {
                Shape::Value { takes, .. } => Shape::Value { takes, shown: Shown::Unset },
                group => group,
            },
        }
    }

    fn assign(&mut self, path: &[&str], raw: &Raw) -> Result<(), Text> {
        if let Raw::Scalar(Scalar { text, kind }) = raw
            && (*kind == ScalarKind::Null || (*kind == ScalarKind::Untyped && text.is_empty()))
        {
            *self = None;
            return Ok(());
        }
        let mut value = T::default();
        value.assign(path, raw)?;
        *self = Some(value);
        Ok(())
    }
}

/// A list in YAML; separated by commas in variables and flags.
impl<T: Setting + Default> Setting for Vec<T> {
    fn describe(&self) -> Shape {
        use crate::Language::{Chinese, English};
        let one = takes(&T::default());
        let takes = Text::new(
            format!("a list, each {}", one.in_language(English)),
            format!("列表,每项为{}", one.in_language(Chinese)),
        );
        let shown = self
            .iter()
            .map(|item| match item.describe() {
                Shape::Value { shown, .. } => shown,
                Shape::Group(_) | Shape::List(_) | Shape::Named(_) => Shown::Unset,
            })
            .collect();
        Shape::Value { takes, shown: Shown::List(shown) }
    }

    fn assign(&mut self, path: &[&str], raw: &Raw) -> Result<(), Text> {
        let items = match raw {
            Raw::List(items) => items.clone(),
            Raw::Scalar(Scalar { kind: ScalarKind::Null, .. }) => return Err(wrong_type(&takes(self), raw)),
            Raw::Scalar(Scalar { text, kind: ScalarKind::Untyped }) => text
                .split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .map(|item| Scalar { text: item.to_owned(), kind: ScalarKind::Untyped })
                .collect(),
            Raw::Scalar(one) => vec![one.clone()],
        };
        let mut list = Self::with_capacity(items.len());
        for item in items {
            let mut value = T::default();
            value.assign(path, &Raw::Scalar(item))?;
            list.push(value);
        }
        *self = list;
        Ok(())
    }
}

/// A value that is never shown: not by `Debug`, not in the effective configuration, not in an error.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// Returns the secret itself; whoever calls this must not log it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Says whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Setting for Secret {
    fn describe(&self) -> Shape {
        let shown = if self.0.is_empty() { Shown::Unset } else { Shown::Redacted };
        Shape::Value { takes: Text::new("a secret text", "保密文本"), shown }
    }

    fn assign(&mut self, _path: &[&str], raw: &Raw) -> Result<(), Text> {
        match raw {
            Raw::Scalar(Scalar { text, kind: ScalarKind::Text | ScalarKind::Untyped }) => {
                self.0.clone_from(text);
                Ok(())
            }
            _ => Err(Text::new("must be text in quotes", "必须是加引号的文本")),
        }
    }
}
