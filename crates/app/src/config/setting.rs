use crate::Text;

/// Something that configuration can set: one value, or a group of named settings.
///
/// Groups implement it through [`settings!`](crate::settings), values through
/// [`setting_from_text!`](crate::setting_from_text) or [`setting_from_choices!`](crate::setting_from_choices).
pub trait Setting {
    /// Describes the setting as it stands now: what it takes, and its present value.
    fn describe(&self) -> Shape;

    /// Reads `raw` into the setting at `path` below this one (empty: this one).
    ///
    /// # Errors
    /// A text that says what was expected; it never repeats a secret.
    fn assign(&mut self, path: &[&str], raw: &Raw) -> Result<(), Text>;
}

/// What a setting is.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Named settings.
    Group(Vec<Field>),
    /// A list of groups, each of this shape.
    List(Box<Shape>),
    /// Settings of this shape under names of the user's choice.
    Named(Box<Shape>),
    /// One value.
    Value {
        /// What it takes, in a few words: "a duration such as 30s".
        takes: Text,
        /// Its present value.
        shown: Shown,
    },
}

/// A setting within a group.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The key.
    pub name: &'static str,
    /// The doc comment, one line each, with the space that follows `///`.
    pub doc: &'static str,
    /// What stands there.
    pub shape: Shape,
}

/// A value as it may be shown.
#[derive(Clone, Debug, PartialEq)]
pub enum Shown {
    /// Nothing is set.
    Unset,
    /// A value; the flag says whether YAML takes it for text, so that it may need quotes.
    Plain(String, bool),
    /// A list of such values.
    List(Vec<Shown>),
    /// Something is set, and it is nobody's business what.
    Redacted,
}

/// A value as a layer has it, before its type has read it.
#[derive(Clone, Debug, PartialEq)]
pub enum Raw {
    /// One scalar.
    Scalar(Scalar),
    /// A list of scalars.
    List(Vec<Scalar>),
}

/// One scalar and what its layer knows about its type.
#[derive(Clone, Debug, PartialEq)]
pub struct Scalar {
    /// The text.
    pub text: String,
    /// What it was written as.
    pub kind: ScalarKind,
}

/// What a scalar was written as.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ScalarKind {
    /// Nothing, `~` or `null` in YAML.
    Null,
    /// `true` or `false` in YAML.
    Boolean,
    /// A number in YAML.
    Number,
    /// Text in YAML.
    Text,
    /// From a variable or a flag, which have no types: whatever it can be read as.
    Untyped,
}

impl Raw {
    /// A value from a variable or a flag.
    pub fn untyped(text: impl Into<String>) -> Self {
        Self::Scalar(Scalar::untyped(text))
    }
}

impl Scalar {
    /// A scalar from a variable or a flag.
    pub fn untyped(text: impl Into<String>) -> Self {
        Self { text: text.into(), kind: ScalarKind::Untyped }
    }
}

impl Shape {
    /// Calls `visit` with the path of every value, in the order of declaration.
    pub(crate) fn each_value<'a>(&'a self, visit: &mut dyn FnMut(String, &'a Text, &'a Shown)) {
        fn walk<'a>(shape: &'a Shape, path: &str, visit: &mut dyn FnMut(String, &'a Text, &'a Shown)) {
            match shape {
                Shape::Group(fields) => {
                    for field in fields {
                        let dot = if path.is_empty() { "" } else { "." };
                        walk(&field.shape, &format!("{path}{dot}{}", field.name), visit);
                    }
                }
                Shape::Value { takes, shown } => visit(path.to_owned(), takes, shown),
                Shape::List(_) | Shape::Named(_) => {}
            }
        }
        walk(self, "", visit);
    }

    /// The paths of all values.
    pub(crate) fn paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        self.each_value(&mut |path, _, _| paths.push(path));
        paths
    }
}

/// Declares a section or a group of settings: a struct with documented fields and their defaults.
///
/// ```
/// kefu_app::settings! {
///     /// Limits of the service.
///     pub struct Limits {
///         /// Connections at most.
///         pub max_connections: u32 = 20_000,
///     }
/// }
///
/// kefu_app::settings! {
///     /// The `service` section.
///     pub struct Service {
///         /// Address to listen on.
///         pub listen: std::net::SocketAddr = std::net::SocketAddr::from(([127, 0, 0, 1], 8080)),
///         /// Limits.
///         pub limits: Limits = Limits::default(),
///     }
/// }
///
/// assert_eq!(Service::default().limits.max_connections, 20_000);
/// ```
#[macro_export]
macro_rules! settings {
    (
        $(#[$attribute:meta])*
        $visible:vis struct $name:ident {
            $( $(#[doc = $doc:literal])+ $field_visible:vis $field:ident : $type:ty = $default:expr ),+ $(,)?
        }
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Debug, PartialEq)]
        $visible struct $name {
            $( $(#[doc = $doc])+ $field_visible $field: $type ),+
        }

        impl ::std::default::Default for $name {
            fn default() -> Self {
                Self { $( $field: $default ),+ }
            }
        }

        impl $crate::Setting for $name {
            fn describe(&self) -> $crate::Shape {
                $crate::Shape::Group(::std::vec![
                    $( $crate::Field {
                        name: ::std::stringify!($field),
                        doc: ::std::concat!($($doc, "\n"),+),
                        shape: $crate::Setting::describe(&self.$field),
                    } ),+
                ])
            }

            fn assign(
                &mut self,
                path: &[&str],
                raw: &$crate::Raw,
            ) -> ::std::result::Result<(), $crate::Text> {
                let ::std::option::Option::Some((first, rest)) = path.split_first() else {
                    return ::std::result::Result::Err($crate::Text::new(
                        "must be a group of settings",
                        "必须是一组设置",
                    ));
                };
                $( if *first == ::std::stringify!($field) {
                    return $crate::Setting::assign(&mut self.$field, rest, raw);
                } )+
                ::std::result::Result::Err($crate::Text::new("is no known setting", "不是已知的设置"))
            }
        }
    };
}
