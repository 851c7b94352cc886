use std::{collections::BTreeMap, fs::File, io::Read as _, path::Path};

use super::{
    effective::{Effective, Origin, full_path},
    flags::Flags,
    groups,
    setting::{Raw, Scalar, ScalarKind, Setting, Shape},
    variables::{self, Meaning},
    yaml::{self, MAX_FILE_BYTES, Node},
};
use crate::{Exit, Failure, Language, Text};

/// The file that is read when none is named.
const DEFAULT_FILE: &str = "kefu.yaml";

/// The configuration file and the environment, read once at the start.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    file: Option<ConfigFile>,
    variables: Vec<(String, String)>,
}

#[derive(Clone, Debug)]
struct ConfigFile {
    name: String,
    text: String,
    sections: Vec<(u32, String, Node)>,
}

impl Layers {
    /// Reads the named file, or `kefu.yaml` in the working directory where there is one, and the environment.
    ///
    /// # Errors
    /// When a named file is missing, or a file is too large, no YAML, or has a section that is not in `sections`.
    pub fn read(file: Option<&Path>, sections: &[&str]) -> Result<Self, Failure> {
        let path = file.unwrap_or(Path::new(DEFAULT_FILE));
        let name = path.display().to_string();
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
            .filter(|(name, _)| name.starts_with("KEFU_"))
            .map(|(name, value)| (name, value.to_string_lossy().into_owned()))
            .collect();
        let text = match read_limited(path) {
            Ok(text) => text,
            Err(error) if file.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self { file: None, variables });
            }
            Err(error) => {
                return Err(Failure::new(
                    Exit::Config,
                    Text::new(format!("cannot read configuration {name}"), format!("无法读取配置 {name}")),
                )
                .because(error));
            }
        };
        Self::new(Some((&name, &text)), variables, sections)
    }

    /// Makes layers of what was read elsewhere: the name and text of a file, and variables.
    ///
    /// # Errors
    /// When the text is no YAML or has a section that is not in `sections`.
    pub fn new(
        file: Option<(&str, &str)>,
        variables: Vec<(String, String)>,
        sections: &[&str],
    ) -> Result<Self, Failure> {
        let file = match file {
            Some((name, text)) => {
                let file = ConfigFile::parse(name, text)?;
                file.check_sections(sections)?;
                Some(file)
            }
            None => None,
        };
        Ok(Self { file, variables })
    }

    /// Loads a section; the first problem ends it, and says how many more there are.
    ///
    /// # Errors
    /// For unknown keys, repeated keys and bad values, with file, line and key (or variable, or flag).
    pub fn load<S: Setting + Default>(&self, section: &str, flags: &Flags) -> Result<Effective<S>, Failure> {
        let mut loading = Loading::<S>::new(section);
        let shape = loading.settings.describe();
        if let Some(file) = &self.file {
            loading.file(file, &shape);
        }
        loading.variables(&self.variables, &shape);
        for (path, flag, raw) in &flags.given {
            let path: Vec<&str> = path.split('.').collect();
            loading.set(&path, raw, Origin::Flag(flag));
        }
        loading.finish()
    }
}

/// Reads a file that is one group of settings from top to bottom, without sections, variables and flags.
///
/// # Errors
/// As [`Layers::read`] and [`Layers::load`].
pub fn load_file<S: Setting + Default>(path: &Path) -> Result<Effective<S>, Failure> {
    let name = path.display().to_string();
    let text = read_limited(path).map_err(|error| {
        Failure::new(Exit::Config, Text::new(format!("cannot read {name}"), format!("无法读取 {name}")))
            .because(error)
    })?;
    load_text(&name, &text)
}

/// Reads what [`load_file`] reads from a text; `name` is what errors call it.
///
/// # Errors
/// As [`load_file`].
pub fn load_text<S: Setting + Default>(name: &str, text: &str) -> Result<Effective<S>, Failure> {
    let file = ConfigFile::parse(name, text)?;
    let mut loading = Loading::<S>::new("");
    let shape = loading.settings.describe();
    loading.group(&file, &[], 0, &Node::Map(file.sections.clone()), &shape);
    loading.finish()
}

fn read_limited(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(MAX_FILE_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_FILE_BYTES {
        return Err(std::io::Error::other(format!("larger than {} KiB", MAX_FILE_BYTES / 1024)));
    }
    Ok(text)
}

impl ConfigFile {
    fn parse(name: &str, text: &str) -> Result<Self, Failure> {
        let node = yaml::parse(text).map_err(|error| {
            let place = error.line.map_or_else(|| name.to_owned(), |line| format!("{name}:{line}"));
            refuse(&place, &error.message.into(), 0)
        })?;
        let Node::Map(entries) = node else {
            let text = Text::new("the file must hold named sections", "文件必须由具名的部分组成");
            return Err(refuse(name, &text, 0));
        };
        Ok(Self { name: name.to_owned(), text: text.to_owned(), sections: entries })
    }

    fn check_sections(&self, sections: &[&str]) -> Result<(), Failure> {
        for (index, (number, key, _)) in self.sections.iter().enumerate() {
            let known = key == "log" || sections.contains(&key.as_str());
            if !known {
                let near = variables::near_miss(key, sections.iter().copied().chain(["log"]));
                return Err(refuse(&self.place(*number), &unknown_key(key, near), 0));
            }
            if let Some(first) = first_of(&self.sections[..index], key) {
                return Err(refuse(&self.place(*number), &repeated(key, self.line(first)), 0));
            }
        }
        Ok(())
    }

    fn line(&self, number: u32) -> usize {
        yaml::line_of(&self.text, number).unwrap_or_default()
    }

    fn place(&self, number: u32) -> String {
        format!("{}:{}", self.name, self.line(number))
    }
}

/// The number of the first entry with this key.
fn first_of(entries: &[(u32, String, Node)], key: &str) -> Option<u32> {
    entries.iter().find(|(_, other, _)| other == key).map(|(number, ..)| *number)
}

fn unknown_key(path: &str, near: Option<&str>) -> Text {
    match near {
        Some(near) => Text::new(
            format!("unknown key `{path}`; did you mean `{near}`?"),
            format!("未知的键 `{path}`;您是想写 `{near}` 吗?"),
        ),
        None => Text::new(format!("unknown key `{path}`"), format!("未知的键 `{path}`")),
    }
}

fn repeated(path: &str, first_line: usize) -> Text {
    Text::new(
        format!("key `{path}` is repeated, it already stands in line {first_line}"),
        format!("键 `{path}` 重复,已出现在第 {first_line} 行"),
    )
}

/// One line for a problem at `place`, and how many more there are.
pub(super) fn refuse(place: &str, text: &Text, more: usize) -> Failure {
    use Language::{Chinese, English};
    let (mut en, mut zh) = (text.in_language(English).to_owned(), text.in_language(Chinese).to_owned());
    if more > 0 {
        en.push_str(&format!(" ({more} more)"));
        zh.push_str(&format!("(另有 {more} 处问题)"));
    }
    Failure::new(
        Exit::Config,
        Text::new(
            format!("cannot use the configuration: {place}: {en}"),
            format!("无法使用该配置:{place}:{zh}"),
        ),
    )
}

/// A section while its layers are laid on each other.
struct Loading<'a, S> {
    settings: S,
    section: &'a str,
    origins: BTreeMap<String, Origin>,
    problems: Vec<(String, Text)>,
}

impl<'a, S: Setting + Default> Loading<'a, S> {
    fn new(section: &'a str) -> Self {
        Self { settings: S::default(), section, origins: BTreeMap::new(), problems: Vec::new() }
    }

    fn file(&mut self, file: &ConfigFile, shape: &Shape) {
        for (number, key, node) in &file.sections {
            if key == self.section {
                self.group(file, &[], *number, node, shape);
            }
        }
    }

    /// Goes through what stands at `path` in the file.
    fn group(&mut self, file: &ConfigFile, path: &[&str], number: u32, node: &Node, shape: &Shape) {
        match (node, shape) {
            // A key with nothing below it, as when all below it is commented out.
            (
                Node::Scalar(Scalar { kind: ScalarKind::Null, .. }),
                Shape::Group(_) | Shape::List(_) | Shape::Named(_),
            ) => {}
            (Node::Map(entries), Shape::Group(fields)) => {
                for (index, (number, key, node)) in entries.iter().enumerate() {
                    let inner = [path, &[key.as_str()]].concat();
                    if let Some(first) = first_of(&entries[..index], key) {
                        let text = repeated(&self.full(&inner), file.line(first));
                        self.problems.push((file.place(*number), text));
                    } else if let Some(field) = fields.iter().find(|field| field.name == key) {
                        self.group(file, &inner, *number, node, &field.shape);
                    } else {
                        let near = variables::near_miss(key, fields.iter().map(|field| field.name));
                        let text = unknown_key(&self.full(&inner), near);
                        self.problems.push((file.place(*number), text));
                    }
                }
            }
            (Node::List(items), Shape::List(shape)) => {
                for (index, item) in items.iter().enumerate() {
                    let index = index.to_string();
                    let inner = [path, &[index.as_str()]].concat();
                    let number = match item {
                        Node::Map(entries) => entries.first().map_or(number, |(number, ..)| *number),
                        _ => number,
                    };
                    self.present(file, &inner, number);
                    self.group(file, &inner, number, item, shape);
                }
            }
            (Node::Map(entries), Shape::Named(shape)) => {
                for (index, (number, key, node)) in entries.iter().enumerate() {
                    let inner = [path, &[key.as_str()]].concat();
                    if let Some(first) = first_of(&entries[..index], key) {
                        let text = repeated(&self.full(&inner), file.line(first));
                        self.problems.push((file.place(*number), text));
                        continue;
                    }
                    if matches!(**shape, Shape::Group(_)) {
                        self.present(file, &inner, *number);
                    }
                    self.group(file, &inner, *number, node, shape);
                }
            }
            (_, Shape::List(_)) => {
                let text = Text::new("must be a list of groups", "必须是由若干组设置组成的列表");
                self.problem(&file.place(number), path, &text);
            }
            (_, Shape::Group(_) | Shape::Named(_)) => {
                let text = Text::new("must be a group of settings", "必须是一组设置");
                self.problem(&file.place(number), path, &text);
            }
            (node, Shape::Value { takes, .. }) => match raw(node) {
                Some(raw) => {
                    let line = file.line(number);
                    self.set(path, &raw, Origin::File { file: file.name.clone(), line });
                }
                None => {
                    let text = Text::new(
                        format!("must be {}, not a group", takes.in_language(Language::English)),
                        format!("必须是{},而不是一组设置", takes.in_language(Language::Chinese)),
                    );
                    self.problem(&file.place(number), path, &text);
                }
            },
        }
    }

    /// Makes a group of a list or under a name, and remembers its place for what is found to be missing in it.
    fn present(&mut self, file: &ConfigFile, path: &[&str], number: u32) {
        let line = file.line(number);
        self.set(path, &groups::presence(), Origin::File { file: file.name.clone(), line });
    }

    fn variables(&mut self, variables: &[(String, String)], shape: &Shape) {
        for (name, value) in variables {
            match variables::meaning(name, self.section, shape) {
                Meaning::Foreign => {}
                Meaning::Sets(path) => {
                    let path: Vec<&str> = path.split('.').collect();
                    self.set(&path, &Raw::untyped(value.as_str()), Origin::Variable(name.clone()));
                }
                Meaning::Unknown => {
                    let known: Vec<_> = shape
                        .paths()
                        .iter()
                        .map(|path| variables::variable_name(self.section, path))
                        .collect();
                    let near = variables::near_miss(name, known.iter().map(String::as_str));
                    let hint = near
                        .map(|near| (format!("; did you mean `{near}`?"), format!(";您是想写 `{near}` 吗?")));
                    let (en, zh) = hint.unwrap_or_default();
                    self.problems.push((
                        name.clone(),
                        Text::new(
                            format!("the variable sets nothing{en}"),
                            format!("该变量不对应任何设置{zh}"),
                        ),
                    ));
                }
            }
        }
        // The short name of the one variable that people type by hand.
        if self.section == "log"
            && let Some((name, value)) = variables.iter().find(|(name, _)| name == "KEFU_LOG")
        {
            self.set(&["level"], &Raw::untyped(value.as_str()), Origin::Variable(name.clone()));
        }
    }

    fn set(&mut self, path: &[&str], raw: &Raw, origin: Origin) {
        match self.settings.assign(path, raw) {
            Ok(()) => drop(self.origins.insert(path.join("."), origin)),
            Err(text) => self.problem(&origin.to_string(), path, &text),
        }
    }

    fn problem(&mut self, place: &str, path: &[&str], text: &Text) {
        let path = self.full(path);
        self.problems.push((
            place.to_owned(),
            Text::new(
                format!("`{path}` {}", text.in_language(Language::English)),
                format!("`{path}` {}", text.in_language(Language::Chinese)),
            ),
        ));
    }

    fn full(&self, path: &[&str]) -> String {
        full_path(self.section, &path.join("."))
    }

    fn finish(self) -> Result<Effective<S>, Failure> {
        match self.problems.first() {
            None => Ok(Effective::new(self.settings, self.section, self.origins)),
            Some((place, text)) => Err(refuse(place, text, self.problems.len() - 1)),
        }
    }
}

/// Reads a node as a value; groups, and lists of anything but scalars, are none.
fn raw(node: &Node) -> Option<Raw> {
    match node {
        Node::Scalar(scalar) => Some(Raw::Scalar(scalar.clone())),
        Node::List(items) => items
            .iter()
            .map(|item| match item {
                Node::Scalar(scalar) => Some(scalar.clone()),
                _ => None,
            })
            .collect::<Option<_>>()
            .map(Raw::List),
        Node::Map(_) => None,
    }
}
