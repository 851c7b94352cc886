use std::{
    fs::{File, OpenOptions},
    io::{BufWriter, Read as _, Seek as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
};

use kefu_media::{MediaError, MediaLimits, MediaType, Part, Picture, clean_name};
use kefu_protocol::frame::ErrorCode;
use kefu_store::{FileDir, StoredFile};
use sha2::{Digest as _, Sha256};

use super::incoming::{Incoming, Refusal, io_failed, refusal, store_failed};
use crate::{problem::Problem, settings::FileType};

/// A file in its place, durable.
pub(super) struct Inspected {
    pub(super) file: StoredFile,
}

/// Says what has come, copies it without what is not the picture, and moves it to its place.
pub(super) fn inspect(
    dir: &FileDir,
    mut file: StoredFile,
    mut incoming: Incoming,
    part: &Part,
    types: &[FileType],
    limits: &MediaLimits,
) -> Result<Inspected, Refusal> {
    let mut source = File::open(&incoming.path).map_err(|error| io_failed(&error))?;
    let allowed: Vec<MediaType> = types.iter().map(|known| known.0).collect();
    let raw_name = part.file_name.as_deref().unwrap_or_default();
    let finding = kefu_media::inspect(&mut source, part.content_type.as_deref(), raw_name, &allowed, limits);
    let finding = finding.map_err(|error| unfit(&error))?;
    if let Some(picture) = &finding.picture {
        (source, incoming) = copied(&mut source, &incoming, picture)?;
        (file.width, file.height) = (Some(picture.width), Some(picture.height));
    }
    file.name = clean_name(raw_name, finding.media_type);
    file.media_type = finding.media_type.to_string();
    (file.size, file.sha256) = digest(&mut source).map_err(|error| io_failed(&error))?;
    dir.settle(&incoming.path, file.id).map_err(store_failed)?;
    Ok(Inspected { file })
}

/// The picture alone, in a file beside the one that came.
fn copied(source: &mut File, incoming: &Incoming, picture: &Picture) -> Result<(File, Incoming), Refusal> {
    let path = incoming.path.with_extension("picture");
    let made = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path);
    let target = made.map_err(|error| io_failed(&error))?;
    let copy = Incoming { path };
    let mut writer = BufWriter::new(target);
    picture.copy(source, &mut writer).map_err(|error| io_failed(&error))?;
    writer.flush().map_err(|error| io_failed(&error))?;
    let target = writer.into_inner().map_err(|error| io_failed(error.error()))?;
    Ok((target, copy))
}

/// Size and SHA-256 of a file.
fn digest(source: &mut File) -> std::io::Result<(u64, [u8; 32])> {
    source.rewind()?;
    let (mut hash, mut size, mut buffer) = (Sha256::new(), 0, vec![0; 64 * 1024]);
    loop {
        let count = source.read(&mut buffer)?;
        if count == 0 {
            return Ok((size, hash.finalize().into()));
        }
        hash.update(&buffer[..count]);
        size += count as u64;
    }
}

fn unfit(error: &MediaError) -> Refusal {
    let (reason, code) = match error {
        MediaError::Io(error) => return io_failed(error),
        MediaError::Pixels { .. } | MediaError::Unpacked => ("bomb", ErrorCode::TooLarge),
        MediaError::Empty | MediaError::Malformed(_) => ("damaged", ErrorCode::BadFrame),
        MediaError::Content(_) => ("content", ErrorCode::BadFrame),
        MediaError::Unknown | MediaError::NotAllowed(_) | MediaError::Mismatch(_) | MediaError::Declared => {
            ("type", ErrorCode::BadFrame)
        }
    };
    refusal(reason, Problem { field: Some("file"), ..Problem::new(code, error.to_string()) })
}
