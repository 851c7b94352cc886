use super::setting::Shape;

/// Variables below a section's prefix that are no settings: a service named after a section makes the
/// cluster add these to every container.
const CLUSTER_SUFFIXES: [&str; 4] = ["_SERVICE_HOST", "_SERVICE_PORT", "_PORT", "_TCP"];

/// Returns the variable that sets a key: `serve` and `limits.max_connections` give `KEFU_SERVE_LIMITS_MAX_CONNECTIONS`.
pub fn variable_name(section: &str, path: &str) -> String {
    let mut name = format!("KEFU_{section}_{path}").replace(['.', '-'], "_");
    name.make_ascii_uppercase();
    name
}

/// What a variable is to a section.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Meaning {
    /// It sets the key at this path.
    Sets(String),
    /// It has the section's prefix and sets nothing.
    Unknown,
    /// It has nothing to do with the section.
    Foreign,
}

/// Finds out what the variable `name` is to `section`.
pub(super) fn meaning(name: &str, section: &str, shape: &Shape) -> Meaning {
    let Some(rest) = name.strip_prefix(&variable_name(section, "")) else { return Meaning::Foreign };
    for path in shape.paths() {
        if name == variable_name(section, &path) {
            return Meaning::Sets(path);
        }
    }
    let of_cluster = CLUSTER_SUFFIXES.iter().any(|suffix| format!("_{rest}").ends_with(suffix))
        || rest.split('_').any(|word| word == "TCP" || word == "UDP")
        || rest.contains("SERVICE_PORT_");
    if of_cluster { Meaning::Foreign } else { Meaning::Unknown }
}

/// Returns the known word that `word` was probably meant to be.
pub(crate) fn near_miss<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|candidate| (strsim::jaro_winkler(&word.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}
