import { signal, useSignalEffect } from '@preact/signals';
import { useMemo, useRef } from 'preact/hooks';
import { AttachButton, filesOf } from '../ui/attach';
import { Icon } from '../ui/icons';
import { MessageField } from '../ui/message-field';
import { useWidget } from './context';
import { readDraft, writeDraft } from './drafts';
import { LateMenu, OnDemand } from './on-demand';

const FIELD_MAX_PX = 128;

export type SendFiles = (files: readonly File[]) => void;

interface ComposerProps {
  sendFiles: SendFiles;
  /** Why a file was not taken. */
  problem: string;
}

export function Composer({ sendFiles, problem }: ComposerProps) {
  const { widget, i18n } = useWidget();
  const { t } = i18n;
  const text = useMemo(() => signal(readDraft(widget.me.peek().id ?? '')), []);
  const field = useRef<HTMLTextAreaElement>(null);

  // What was begun before there was a session belongs to the visitor that it made.
  useSignalEffect(() => writeDraft(widget.me.value.id ?? '', text.value));

  const submit = () => {
    const trimmed = text.value.trim();
    if (trimmed === '') return;
    widget.send(trimmed);
    text.value = '';
    field.current?.focus();
  };
  const insert = (emoji: string) => {
    const element = field.current;
    const at = element?.selectionStart ?? text.value.length;
    const end = element?.selectionEnd ?? at;
    text.value = text.value.slice(0, at) + emoji + text.value.slice(end);
    queueMicrotask(() => {
      element?.focus();
      element?.setSelectionRange(at + emoji.length, at + emoji.length);
    });
  };
  const empty = text.value.trim() === '';
  return (
    <form
      class="composer"
      onPaste={(event) => {
        const files = filesOf(event);
        if (files.length === 0) return;
        event.preventDefault();
        sendFiles(files);
      }}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      {widget.line.shared.limitedUntil.value > 0 && <OnDemand name="RateLimit" quiet />}
      {problem !== '' && (
        <p class="form-error" role="alert">
          {problem}
        </p>
      )}
      <div class="composer-row">
        <AttachButton multiple onFiles={sendFiles} />
        <LateMenu name="EmojiMenu" label={t('emoji')} icon="smile" onPick={insert} />
        <MessageField
          field={field}
          value={text.value}
          maxHeight={FIELD_MAX_PX}
          placeholder={t('write')}
          label={t('messageField')}
          onInput={(value) => {
            text.value = value;
            writeDraft(widget.me.value.id ?? '', value);
            widget.input(value);
          }}
          onSubmit={submit}
        />
        <button type="submit" class="send-button" aria-label={t('send')} aria-disabled={empty}>
          <Icon name="send" size={20} />
        </button>
      </div>
    </form>
  );
}
