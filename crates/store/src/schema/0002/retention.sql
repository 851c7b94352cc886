-- Up to which position of the log the conversation was erased because its time was over.
ALTER TABLE conversation ADD COLUMN emptied_pos INTEGER NOT NULL DEFAULT 0;
CREATE INDEX conversation_full ON conversation (inbox, updated_at) WHERE state = 4 AND last_message_pos > emptied_pos;
CREATE INDEX file_age ON file (created_at);
CREATE INDEX page_visit_age ON page_visit (at);
CREATE INDEX ticket_full ON ticket (inbox, updated_at) WHERE status IN (3, 4) AND subject <> '';
