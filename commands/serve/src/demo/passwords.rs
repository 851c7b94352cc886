use std::{
    fs,
    io::{self, ErrorKind, Write as _},
    path::Path,
};

use kefu_app::{Exit, Failure, Text};

use super::samples::AGENTS;

const FILE: &str = "demo-passwords";

/// Short words that are easily told apart; a power of two, so that each is as likely as the others.
const WORDS: [&str; 64] = [
    "amber", "apple", "autumn", "bamboo", "basket", "beacon", "birch", "bridge", "candle", "canyon", "cedar",
    "cherry", "cloud", "copper", "coral", "cotton", "dawn", "delta", "ember", "falcon", "fern", "field",
    "flute", "forest", "garden", "ginger", "granite", "harbor", "hazel", "island", "ivory", "jasmine",
    "kettle", "lantern", "lemon", "lotus", "maple", "marble", "meadow", "mint", "moss", "ocean", "olive",
    "orchid", "pepper", "pine", "plum", "pond", "quartz", "rain", "reed", "river", "saffron", "silver",
    "spring", "stone", "summit", "tea", "thyme", "tulip", "valley", "walnut", "willow", "winter",
];

/// The passwords of the demo's agents, in their order; on disk for their owner only.
pub(super) struct Passwords([String; AGENTS.len()]);

impl Passwords {
    /// Those of an earlier start in this directory, or fresh ones, which the flag tells.
    ///
    /// # Errors
    /// When they cannot be kept.
    pub(super) fn load(dir: &Path) -> Result<(Self, bool), Failure> {
        let path = dir.join(FILE);
        let kept = match fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(failure(&path, error)),
        };
        if let Some(kept) = kept {
            return Ok((kept, false));
        }
        let mut passwords = AGENTS.map(|_| String::new());
        for password in &mut passwords {
            *password = fresh().map_err(Failure::internal)?;
        }
        write(&path, &passwords.join("\n")).map_err(|error| failure(&path, error))?;
        Ok((Self(passwords), true))
    }

    fn parse(text: &str) -> Option<Self> {
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.try_into().ok().map(Self)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &String> {
        self.0.iter()
    }

    pub(super) fn into_inner(self) -> [String; AGENTS.len()] {
        self.0
    }
}

/// Four words and four digits: 37 bits, enough against the throttle of sign-ins.
fn fresh() -> Result<String, getrandom::Error> {
    let mut random = [0; 8];
    getrandom::fill(&mut random)?;
    let [a, b, c, d, number @ ..] = random;
    let [a, b, c, d] = [a, b, c, d].map(|byte| WORDS[usize::from(byte) % WORDS.len()]);
    let number = u32::from_le_bytes(number) % 10_000;
    Ok(format!("{a}-{b}-{c}-{d}-{number:04}"))
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

fn failure(path: &Path, error: io::Error) -> Failure {
    let name = path.display();
    let text = Text::new(
        format!("cannot keep the demo's passwords in {name}"),
        format!("无法将演示密码保存到 {name}"),
    );
    Failure::new(Exit::Create, text).because(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::password;

    #[test]
    fn passwords_stay_with_their_directory() {
        let dir = tempfile::tempdir().unwrap();
        let (first, is_fresh) = Passwords::load(dir.path()).unwrap();
        assert!(is_fresh);
        let (second, is_fresh) = Passwords::load(dir.path()).unwrap();
        assert!(!is_fresh);
        assert_eq!(first.0, second.0);
        assert_ne!(first.0[0], first.0[1]);
        for password in first.iter() {
            assert!(password::check_rules(password).is_ok(), "{password}");
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(dir.path().join(FILE)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        fs::write(dir.path().join(FILE), "one line only\n").unwrap();
        assert!(Passwords::load(dir.path()).unwrap().1, "what is no list of passwords is replaced");
    }
}
