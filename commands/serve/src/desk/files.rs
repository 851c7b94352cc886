//! Messages with files: what was uploaded becomes theirs, once.

use kefu_core::{Content, ConversationKey, Entry, FileData, MessageKind, Principal};
use kefu_protocol::frame::ErrorCode;
use kefu_store::{Change, FileChange, StoredFile};
use uuid::Uuid;

use super::{api::Send, batch::Work, task::Task};
use crate::problem::Problem;

/// The file that a message names, or what speaks against it.
pub(super) type Found = Result<StoredFile, Problem>;

impl Task {
    /// Looks up the file that a message is to have, and makes what is known of it the message's data.
    ///
    /// What speaks against it is not said before the message turns out to be no repeat: its file may be gone by now.
    pub(super) async fn find_file(&self, content: &mut Content) -> Option<Found> {
        let wanted = content.file?;
        Some(match self.store.file(wanted.id).await {
            Ok(Some(file)) => {
                let data = FileData {
                    file_id: file.id,
                    name: (&*file.name).into(),
                    size: file.size,
                    media_type: (&*file.media_type).into(),
                    width: file.width,
                    height: file.height,
                    duration_ms: wanted.duration_ms,
                };
                let is_fitting = content.kind == MessageKind::File || content.kind == data.kind();
                content.data = Some(data.to_json());
                if is_fitting { Ok(file) } else { Err(unfit()) }
            }
            Ok(None) => Err(unknown()),
            Err(error) => Err(error.into()),
        })
    }
}

/// Whether the message may have the file: one of its conversation, uploaded by its side, that no message has.
pub(super) fn check_file(
    file: &StoredFile,
    send: &Send,
    conversation: ConversationKey,
    work: &Work,
) -> Result<Uuid, Problem> {
    let is_same_side = matches!(
        (file.uploader, send.who.principal),
        (Principal::Visitor(_), Principal::Visitor(_)) | (Principal::Agent(_), Principal::Agent(_))
    );
    if file.conversation != conversation || !is_same_side {
        return Err(unknown());
    }
    if file.attached_seq.is_some() || work.files.contains(&file.id) {
        let detail = "the file was sent already: upload it again";
        return Err(Problem { field: Some("data.file_id"), ..Problem::new(ErrorCode::Conflict, detail) });
    }
    Ok(file.id)
}

/// The file that an entry has.
pub(super) fn file_of(entry: &Entry) -> Option<Uuid> {
    let data = entry.data.as_deref().filter(|_| entry.kind.has_file())?;
    serde_json::from_str(data).ok().map(|data: FileData<'_>| data.file_id)
}

impl Work {
    /// Makes a file the one of the entry that was added last.
    pub(super) fn attach(&mut self, id: Uuid) {
        let Some(entry) = self.entries.last() else { return };
        self.changes.push(Change::File(FileChange::Attach { id, seq: entry.seq }));
        self.files.push(id);
    }
}

fn unknown() -> Problem {
    Problem::invalid("data.file_id", "there is no such file of yours in this conversation")
}

fn unfit() -> Problem {
    Problem::invalid(
        "kind",
        "does not fit the file: images, sounds and videos have kinds of their own, file fits all",
    )
}
