/// Words of the IDL that name nothing but fields, in their order.
const KEYWORDS: &[&str] = &[
    "async",
    "binary",
    "bool",
    "byte",
    "const",
    "cpp_include",
    "double",
    "enum",
    "exception",
    "extends",
    "i16",
    "i32",
    "i64",
    "i8",
    "include",
    "list",
    "map",
    "namespace",
    "oneway",
    "optional",
    "required",
    "service",
    "set",
    "string",
    "struct",
    "throws",
    "typedef",
    "union",
    "uuid",
    "void",
];

/// Words of the IDL that name nothing at all: they may follow the name of a field, or are values. In their order.
const KEYWORDS_ALWAYS: &[&str] =
    &["cpp_type", "false", "true", "xsd_all", "xsd_attrs", "xsd_nillable", "xsd_optional"];

/// Languages that the compiler has, or once had, a generator for.
const LANGUAGES: &[&str] = &[
    "*",
    "as3",
    "c_glib",
    "cl",
    "cocoa",
    "cpp",
    "csharp",
    "d",
    "dart",
    "delphi",
    "erl",
    "go",
    "gv",
    "haxe",
    "hs",
    "html",
    "java",
    "javame",
    "js",
    "json",
    "kotlin",
    "lua",
    "markdown",
    "netcore",
    "netstd",
    "nodejs",
    "nodets",
    "ocaml",
    "perl",
    "php",
    "py",
    "rb",
    "rs",
    "smalltalk",
    "st",
    "swift",
    "xml",
    "xsd",
];

/// Headers of before there was `namespace`.
const LEGACY_NAMESPACES: &[&str] = &[
    "cocoa_prefix",
    "cpp_namespace",
    "csharp_namespace",
    "delphi_namespace",
    "java_package",
    "perl_package",
    "php_namespace",
    "py_module",
    "ruby_namespace",
    "smalltalk_category",
    "smalltalk_prefix",
    "xsd_namespace",
];

/// Whether a word cannot be a name. What single languages reserve is nothing to us.
pub(super) fn is_keyword(word: &str) -> bool {
    is_among(KEYWORDS, word) || is_keyword_always(word)
}

/// Whether a word cannot even be the name of a field.
pub(super) fn is_keyword_always(word: &str) -> bool {
    is_among(KEYWORDS_ALWAYS, word)
}

/// All of them begin with a small letter, as most names of types do not.
fn is_among(words: &[&str], word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_lowercase()) && words.binary_search(&word).is_ok()
}

/// Languages may have a part after a dot: `smalltalk.category`.
pub(super) fn is_language(word: &str) -> bool {
    LANGUAGES.contains(&word.split('.').next().unwrap_or(word))
}

pub(super) fn is_legacy_namespace(word: &str) -> bool {
    LEGACY_NAMESPACES.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::{KEYWORDS, KEYWORDS_ALWAYS, is_keyword};

    #[test]
    fn every_keyword_is_found() {
        assert!(KEYWORDS.iter().chain(KEYWORDS_ALWAYS).all(|word| is_keyword(word)));
        assert!(!is_keyword("String") && !is_keyword("") && !is_keyword("strings"));
    }
}
