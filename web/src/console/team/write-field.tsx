import { useState } from 'preact/hooks';
import { ApiError } from '../../protocol/agent-api';
import type { Conversation } from '../../protocol/types';
import { Icon } from '../../ui/icons';
import { MessageField } from '../../ui/message-field';
import { useConsole, useDesk, visitorName } from '../context';
import { isMine } from '../list/views';
import { causeOf } from '../loaded';
import { useTeamTexts } from './context';
import type { Watch } from './watch';

const FIELD_MAX_PX = 160;

interface WriteFieldProps {
  watch: Watch;
  conversation: Conversation;
}

/** A whisper to the agent, or, for who takes part, a message to the visitor. */
export function WriteField({ watch, conversation }: WriteFieldProps) {
  const me = useDesk().me.value;
  const { t } = useTeamTexts();
  const [mode, setMode] = useState<'whisper' | 'message'>('whisper');
  const mine = isMine(conversation, me);
  const running = conversation.state === 'open' || conversation.state === 'pending';
  const mayWhisper = running && conversation.assignee !== null && !mine;
  const mayWrite = running && watch.takesPart;
  if (!mayWhisper && !mayWrite) return null;
  const shown = mayWhisper && mayWrite ? mode : mayWhisper ? 'whisper' : 'message';
  return (
    <div class={`watch-write is-${shown}`}>
      {mayWhisper && mayWrite && (
        <div class="watch-modes" role="group" aria-label={t('writeAs')}>
          {(['whisper', 'message'] as const).map((each) => (
            <button
              key={each}
              type="button"
              class="chip"
              aria-pressed={shown === each}
              onClick={() => setMode(each)}
            >
              {t(`mode_${each}`)}
            </button>
          ))}
        </div>
      )}
      {shown === 'whisper' ? (
        <WhisperField watch={watch} name={conversation.assignee?.name ?? ''} />
      ) : (
        <VisitorField conversation={conversation} />
      )}
    </div>
  );
}

function WhisperField({ watch, name }: { watch: Watch; name: string }) {
  const { i18n } = useConsole();
  const { t } = useTeamTexts();
  const [text, setText] = useState('');
  const state = watch.whispering.value;
  const send = async () => {
    const whole = text.trim();
    if (whole !== '' && (await watch.whisper(whole))) setText('');
  };
  const why = (error: unknown) =>
    error instanceof ApiError && error.status === 409 ? t('whisperGone') : causeOf(error, i18n);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <div class="watch-field">
        <MessageField
          value={text}
          placeholder={t('whisperTo', { name })}
          label={t('whisperTo', { name })}
          maxHeight={FIELD_MAX_PX}
          disabled={state.kind === 'sending'}
          onInput={setText}
          onSubmit={() => void send()}
        />
        <button
          type="submit"
          class="button is-primary"
          disabled={text.trim() === '' || state.kind === 'sending'}
        >
          <Icon name="whisper" size={16} />
          {t('whisper')}
        </button>
      </div>
      <p class="hint" role="status">
        {t(state.kind === 'sent' && text === '' ? 'whispered' : 'whisperHint', { name })}
      </p>
      {state.kind === 'failed' && (
        <p class="form-error" role="alert">
          <Icon name="alert" size={16} />
          <span>
            {why(state.error)}{' '}
            <button type="submit" class="link-button">
              {i18n.t('retry')}
            </button>
          </span>
        </p>
      )}
    </form>
  );
}

function VisitorField({ conversation }: { conversation: Conversation }) {
  const desk = useDesk();
  const { i18n } = useConsole();
  const { t } = useTeamTexts();
  const [text, setText] = useState('');
  const name = visitorName(conversation.visitor, i18n);
  const send = () => {
    const whole = text.trim();
    if (whole === '') return;
    desk.client.send(conversation.id, { kind: 'text', text: whole });
    setText('');
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <div class="watch-field">
        <MessageField
          value={text}
          placeholder={t('writeTo', { name })}
          label={t('writeTo', { name })}
          maxHeight={FIELD_MAX_PX}
          onInput={setText}
          onSubmit={send}
        />
        <button type="submit" class="button is-primary" disabled={text.trim() === ''}>
          <Icon name="send" size={16} />
          {i18n.t('send')}
        </button>
      </div>
      <p class="hint">{t('writeHint', { name })}</p>
    </form>
  );
}
