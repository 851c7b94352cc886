import { useRef } from 'preact/hooks';
import { AttachButton, filesOf } from '../ui/attach';
import { Icon } from '../ui/icons';
import { MessageField } from '../ui/message-field';
import { useWidget } from './context';
import { useDraft } from './drafts';
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
  const text = useDraft();
  const field = useRef<HTMLTextAreaElement>(null);

  const submit = () => {
    const trimmed = text.value.trim();
    if (trimmed === '') return;
    widget.send(trimmed);
    text.value = '';
    // To ask for what is there already would lay the page out.
    if (document.activeElement !== field.current) field.current?.focus();
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
