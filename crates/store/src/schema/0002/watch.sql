-- Keys of the agents who take part in a conversation beside its own, as a JSON list; NULL when there are none.
ALTER TABLE conversation ADD COLUMN joined TEXT;
