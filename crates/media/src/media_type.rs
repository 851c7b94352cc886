use std::fmt;
use std::str::FromStr;

/// What a file is good for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Family {
    /// Shown as a picture.
    Image,
    /// Played as sound.
    Audio,
    /// Played as moving pictures.
    Video,
    /// Saved.
    Document,
}

macro_rules! types {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $family:ident, [$($extension:literal),+], [$($alias:literal),*];)+) => {
        /// A type of files that is recognised. Pages, scripts, programs and drawings that can hold scripts are not
        /// among them.
        #[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub enum MediaType {
            $($(#[$doc])* $name,)+
        }

        impl MediaType {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// Its name by IANA.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// What it is good for.
            #[must_use]
            pub fn family(self) -> Family {
                match self { $(Self::$name => Family::$family,)+ }
            }

            /// How names of such files end, the usual one first.
            #[must_use]
            pub fn extensions(self) -> &'static [&'static str] {
                match self { $(Self::$name => &[$($extension),+],)+ }
            }

            /// Other names under which it is sent.
            fn aliases(self) -> &'static [&'static str] {
                match self { $(Self::$name => &[$($alias),*],)+ }
            }
        }
    };
}

types! {
    /// PNG.
    #[default]
    Png = "image/png", Image, ["png"], ["image/x-png", "image/apng"];
    /// JPEG.
    Jpeg = "image/jpeg", Image, ["jpg", "jpeg", "jfif"], ["image/jpg", "image/pjpeg"];
    /// GIF.
    Gif = "image/gif", Image, ["gif"], [];
    /// WebP.
    Webp = "image/webp", Image, ["webp"], [];
    /// PDF.
    Pdf = "application/pdf", Document, ["pdf"], ["application/x-pdf"];
    /// Text of any encoding.
    Text = "text/plain", Document, ["txt", "log", "md"], ["text/markdown"];
    /// A table as text.
    Csv = "text/csv", Document, ["csv"], ["application/csv", "application/vnd.ms-excel"];
    /// Word.
    Docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document", Document, ["docx"], [];
    /// Excel.
    Xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", Document, ["xlsx"], [];
    /// PowerPoint.
    Pptx = "application/vnd.openxmlformats-officedocument.presentationml.presentation", Document, ["pptx"], [];
    /// OpenDocument text.
    Odt = "application/vnd.oasis.opendocument.text", Document, ["odt"], [];
    /// OpenDocument spreadsheet.
    Ods = "application/vnd.oasis.opendocument.spreadsheet", Document, ["ods"], [];
    /// OpenDocument presentation.
    Odp = "application/vnd.oasis.opendocument.presentation", Document, ["odp"], [];
    /// Any other zip archive.
    Zip = "application/zip", Document, ["zip"], ["application/x-zip-compressed"];
    /// MP3.
    Mp3 = "audio/mpeg", Audio, ["mp3"], ["audio/mp3"];
    /// Sound in MP4.
    M4a = "audio/mp4", Audio, ["m4a", "mp4"], ["audio/x-m4a", "audio/m4a", "audio/aac"];
    /// Sound in Ogg.
    Ogg = "audio/ogg", Audio, ["ogg", "oga", "opus"], ["audio/opus", "application/ogg"];
    /// Sound in WebM.
    Weba = "audio/webm", Audio, ["weba", "webm"], [];
    /// AMR.
    Amr = "audio/amr", Audio, ["amr"], ["audio/amr-wb"];
    /// WAV.
    Wav = "audio/wav", Audio, ["wav"], ["audio/x-wav", "audio/wave"];
    /// MP4.
    Mp4 = "video/mp4", Video, ["mp4", "m4v"], ["video/x-m4v"];
    /// WebM.
    Webm = "video/webm", Video, ["webm"], [];
}

impl MediaType {
    /// Every type but archives of anything.
    #[must_use]
    pub fn usual() -> Vec<Self> {
        Self::ALL.iter().copied().filter(|known| *known != Self::Zip).collect()
    }

    /// What a `Content-Type` names, its parameters left aside.
    #[must_use]
    pub fn from_declared(declared: &str) -> Option<Self> {
        let essence = declared.split(';').next().unwrap_or_default().trim();
        let is = |name: &&str| name.eq_ignore_ascii_case(essence);
        Self::ALL.iter().copied().find(|known| is(&known.as_str()) || known.aliases().iter().any(&is))
    }

    /// Whether it is a zip archive inside.
    pub(crate) fn is_zip(self) -> bool {
        use MediaType::{Docx, Odp, Ods, Odt, Pptx, Xlsx, Zip};
        matches!(self, Docx | Xlsx | Pptx | Odt | Ods | Odp | Zip)
    }
}

/// Why a text names no type.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("this type is not known")]
pub struct UnknownMediaType;

impl FromStr for MediaType {
    type Err = UnknownMediaType;

    fn from_str(text: &str) -> Result<Self, UnknownMediaType> {
        Self::ALL.iter().copied().find(|known| known.as_str() == text).ok_or(UnknownMediaType)
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
