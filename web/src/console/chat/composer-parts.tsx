import { useNow } from '../../ui/hooks';
import { fileProblem } from '../../ui/file-problem';
import { Icon } from '../../ui/icons';
import { useMoreTexts } from '../../ui/more-texts';
import { fileSize } from '../../ui/time';
import { useConsole, useDesk } from '../context';
import type { Chat } from './chat';
import type { Trouble, Writing } from './writing';

export function EditingBar({ writing }: { writing: Writing }) {
  const { t } = useConsole().i18n;
  return (
    <div class="composer-bar">
      <Icon name="edit" size={14} />
      <span>{t('editMessage')}</span>
      <span class="hint">{t('editHint')}</span>
      <button type="button" class="link-button" onClick={() => writing.stopEditing()}>
        {t('cancel')}
      </button>
    </div>
  );
}

/** The message that the reply speaks of. */
export function QuoteChip({ writing }: { writing: Writing }) {
  const { t } = useConsole().i18n;
  const { quote } = writing.draft.value;
  if (quote === null) return null;
  return (
    <div class="quote-chip">
      <p>
        <strong>{quote.from}</strong>
        <span dir="auto">{quote.text}</span>
      </p>
      <button
        type="button"
        class="icon-button"
        aria-label={t('unquote')}
        title={t('unquote')}
        onClick={() => writing.unquote()}
      >
        <Icon name="close" size={14} />
      </button>
    </div>
  );
}

/** What goes out with the message. */
export function Attachments({ writing }: { writing: Writing }) {
  const { i18n } = useConsole();
  const { t } = i18n;
  const attached = writing.attached.value;
  if (attached.length === 0) return null;
  return (
    <ul class="attachments" aria-label={t('attachments')}>
      {attached.map(({ key, file, picture }) => (
        <li key={key} class="attachment">
          {picture ? <img src={picture} alt="" /> : <Icon name="file" size={20} />}
          <span class="attachment-name">
            {file.name}
            <span class="hint">{fileSize(file.size, i18n)}</span>
          </span>
          <button
            type="button"
            class="icon-button"
            aria-label={t('removeFile', { name: file.name })}
            title={t('removeFile', { name: file.name })}
            onClick={() => writing.detach(key)}
          >
            <Icon name="close" size={14} />
          </button>
        </li>
      ))}
    </ul>
  );
}

const TROUBLES = {
  masked: 'troubleMasked',
  sensitive: 'troubleSensitive',
  rejected: 'troubleRejected',
  notSwitched: 'troubleNotSwitched',
  late: 'troubleLate',
  noteFiles: 'troubleNoteFiles',
} as const satisfies Partial<Record<Trouble['kind'], string>>;

/** What went wrong with what was written, or what the agent should know about it. */
export function TroubleLine({ chat }: { chat: Chat }) {
  const desk = useDesk();
  const { t } = useConsole().i18n;
  const more = useMoreTexts();
  const { writing } = chat;
  const refused = desk.outbox.value.find(
    ({ conversation_id, error }) =>
      conversation_id === chat.id && (error === 'rejected' || error === 'inbox_not_switched'),
  );
  if (refused) {
    const isRejected = refused.error === 'rejected';
    return (
      <p class="trouble is-danger" role="alert">
        <Icon name="alert" size={16} />
        <span>{t(isRejected ? 'troubleRejected' : 'troubleNotSwitched')}</span>
        <button type="button" class="link-button" onClick={() => writing.takeBack(refused)}>
          {t('rewrite')}
        </button>
      </p>
    );
  }
  const trouble = writing.trouble.value;
  if (trouble === null) return null;
  const text =
    trouble.kind === 'failed'
      ? t('failedRequest', { detail: trouble.detail })
      : trouble.kind === 'files'
        ? trouble.files.map((file) => fileProblem(file, trouble.limit, more)).join(' ')
        : t(TROUBLES[trouble.kind]);
  const mild = trouble.kind === 'masked' || trouble.kind === 'sensitive';
  return (
    <p class={`trouble ${mild ? '' : 'is-danger'}`} role="alert">
      <Icon name="alert" size={16} />
      <span>{text}</span>
      <button
        type="button"
        class="icon-button"
        aria-label={t('close')}
        onClick={() => (writing.trouble.value = null)}
      >
        <Icon name="close" size={14} />
      </button>
    </p>
  );
}

export function RateLimit() {
  const desk = useDesk();
  const { t } = useConsole().i18n;
  const until = desk.limitedUntil.value;
  const now = useNow(until > 0 ? 500 : 0);
  if (until <= now) return null;
  return (
    <span class="limited" role="status">
      {t('limited', { n: Math.ceil((until - now) / 1000) })}
    </span>
  );
}
