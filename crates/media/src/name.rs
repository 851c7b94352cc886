use crate::MediaType;

/// Longest name that is kept, in bytes.
pub const NAME_BYTES_MAX: usize = 200;

/// A name under which nothing but a file of this type can be saved, made from what its sender called it: no path, no
/// control characters, nothing that turns the direction of writing, and an extension of the type.
#[must_use]
pub fn clean_name(raw: &str, media_type: MediaType) -> String {
    let last = raw.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String = last.chars().filter(|c| !is_hidden(*c)).map(harmless).collect();
    let kept = kept.trim_matches(|c: char| c == '.' || c.is_whitespace());
    let fitting = kept.rsplit_once('.').filter(|(_, extension)| {
        media_type.extensions().iter().any(|known| known.eq_ignore_ascii_case(extension))
    });
    let (stem, extension) = fitting.unwrap_or((kept, media_type.extensions()[0]));
    let room = NAME_BYTES_MAX - extension.len() - 1;
    // Cut first, trimmed after: the cut may fall behind a dot or a space.
    let stem =
        stem[..stem.floor_char_boundary(room)].trim_end_matches(|c: char| c == '.' || c.is_whitespace());
    let stem = if stem.is_empty() { "file" } else { stem };
    format!("{stem}.{extension}")
}

/// Control characters, and those that are not seen but change how a name is read.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{ffff}' | '\u{e0000}'..='\u{e0fff}')
}

/// What some system takes for more than a character of a name becomes a line.
fn harmless(c: char) -> char {
    if matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*') { '_' } else { c }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tricks_are_taken_out_of_names() {
        use MediaType::{Csv, Jpeg, Pdf, Png, Text};
        for (raw, media_type, cleaned) in [
            ("photo.jpg", Jpeg, "photo.jpg"),
            ("发票 2026.PDF", Pdf, "发票 2026.PDF"),
            ("../../etc/passwd", Text, "passwd.txt"),
            ("..\\..\\boot.ini", Text, "boot.ini.txt"),
            ("C:\\Users\\x\\a.png", Png, "a.png"),
            ("/", Png, "file.png"),
            ("", Png, "file.png"),
            ("...", Png, "file.png"),
            (".htaccess", Text, "htaccess.txt"),
            ("a.png\0.exe", Png, "a.png.exe.png"),
            ("invoice\u{202e}fdp.exe", Pdf, "invoicefdp.exe.pdf"),
            ("a\r\nSet-Cookie: x", Png, "aSet-Cookie_ x.png"),
            ("x.html", Text, "x.html.txt"),
            ("a.csv.", Csv, "a.csv"),
            ("CON:.png", Png, "CON_.png"),
            (".png", Png, "png.png"),
        ] {
            assert_eq!(clean_name(raw, media_type), cleaned, "{raw:?}");
        }
    }

    #[test]
    fn a_long_name_is_cut_between_characters_and_trimmed_there() {
        let stem = "x".repeat(NAME_BYTES_MAX - ".docx".len() - 2);
        for raw in [format!("{stem} .®"), format!("{stem}.®.docx"), format!("{stem}®®")] {
            let name = clean_name(&raw, MediaType::Docx);
            assert!(
                name.starts_with(&stem) && name.len() <= NAME_BYTES_MAX && !name.contains(".."),
                "{name:?}"
            );
            assert_eq!(clean_name(&name, MediaType::Docx), name);
        }
    }

    proptest! {
        #[test]
        fn every_name_is_short_and_plain(raw in "\\PC{0,300}", tail in "[\\x00-\\x7f]{0,40}") {
            let name = clean_name(&format!("{raw}{tail}"), MediaType::Docx);
            prop_assert!(name.len() <= NAME_BYTES_MAX && name.to_lowercase().ends_with(".docx"));
            prop_assert!(!name.contains(['/', '\\', '\0', '"', '\r', '\n']) && !name.starts_with('.'));
            prop_assert_eq!(clean_name(&name, MediaType::Docx), name);
        }
    }
}
