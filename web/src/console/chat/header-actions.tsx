import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Conversation } from '../../protocol/types';
import { Icon, type IconName } from '../../ui/icons';
import { Popover } from '../../ui/popover';
import { type ConsoleI18n, useConsole, useDesk } from '../context';
import { openFor } from '../shell/overlays';
import { titled, useShortcut } from '../shell/shortcuts';
import { accept } from './accept';
import type { Chat } from './chat';
import { PRIORITIES, PRIORITY_TEXTS } from './priority';
import { type Standing, standingOf } from './standing';

const COPIED_SHOWN_MS = 1_500;

interface ActionsProps {
  chat: Chat;
  conversation: Conversation;
}

/** What can be done with the conversation: the usual as buttons, the rest in a menu. */
export function HeaderActions({ chat, conversation }: ActionsProps) {
  const desk = useDesk();
  const { t } = useConsole().i18n;
  const { id, state } = conversation;
  const standing = standingOf(conversation, desk.me.value);
  const movable = standing.manages && (state === 'queued' || standing.handled);
  const takable = state === 'queued' || (standing.withBot && standing.oversees);
  const transfer = () => {
    chat.panel.value = { kind: 'transfer' };
  };
  useShortcut('transfer', transfer, movable);
  const rests = state === 'pending';
  return (
    <div class="chat-actions">
      {takable && (
        <Action
          icon="check"
          text={t('accept')}
          title={titled(t('accept'), 'accept')}
          primary
          run={() => void accept(desk, id)}
        />
      )}
      {movable && (
        <Action
          icon="swap"
          text={t('transfer')}
          title={titled(t('transfer'), 'transfer')}
          className="is-secondary"
          run={transfer}
        />
      )}
      {standing.manages && standing.handled && (
        <>
          <Action
            icon={rests ? 'reopen' : 'pause'}
            text={t(rests ? 'reopen' : 'pending')}
            title={titled(t(rests ? 'reopen' : 'pending'), 'pending')}
            className="is-secondary is-terse"
            run={() => void desk.act(id, rests ? 'reopen' : 'pending')}
          />
          <Action
            icon="check"
            text={t('resolve')}
            title={titled(t('resolve'), 'resolve')}
            primary
            run={() => void desk.act(id, 'resolve')}
          />
        </>
      )}
      {state === 'resolved' && standing.manages && (
        <Action
          icon="reopen"
          text={t('reopen')}
          title={t('reopen')}
          run={() => void desk.act(id, 'reopen')}
        />
      )}
      <Popover
        label={t('moreActions')}
        className="icon-button"
        align="end"
        button={<Icon name="dots" size={20} />}
      >
        {(close) => (
          <Menu
            chat={chat}
            conversation={conversation}
            standing={standing}
            movable={movable}
            close={close}
          />
        )}
      </Popover>
    </div>
  );
}

interface ActionProps {
  icon: IconName;
  text: string;
  title: string;
  primary?: boolean;
  className?: string;
  run(): void;
}

function Action({ icon, text, title, primary = false, className = '', run }: ActionProps) {
  const desk = useDesk();
  return (
    <button
      type="button"
      class={`button ${primary ? 'is-primary' : ''} ${className}`}
      disabled={desk.busy.value}
      title={title}
      onClick={run}
    >
      <Icon name={icon} size={16} />
      <span class="button-text">{text}</span>
    </button>
  );
}

interface MenuProps extends ActionsProps {
  standing: Standing;
  movable: boolean;
  close(): void;
}

function Menu({ chat, conversation, standing, movable, close }: MenuProps) {
  const desk = useDesk();
  const { t } = useConsole().i18n;
  const { handling } = chat;
  const { id, state } = conversation;
  const rests = state === 'pending';
  const invites = standing.manages && state !== 'new' && state !== 'queued';
  const item = (icon: IconName, text: string, run: () => void, className = '') => (
    <button
      type="button"
      class={`menu-item ${className}`}
      onClick={() => {
        close();
        run();
      }}
    >
      <Icon name={icon} size={16} />
      <span>{text}</span>
    </button>
  );
  return (
    <div class="chat-menu">
      {movable &&
        item('swap', t('transfer'), () => (chat.panel.value = { kind: 'transfer' }), 'is-narrow')}
      {standing.manages &&
        standing.handled &&
        item(
          rests ? 'reopen' : 'pause',
          t(rests ? 'reopen' : 'pending'),
          () => void desk.act(id, rests ? 'reopen' : 'pending'),
          'is-narrow',
        )}
      {standing.manages && standing.handled && (
        <>
          {item('clock', t('snooze'), () => openFor('snooze', [id]))}
          {item('mail', t('markUnread'), () => void desk.markUnread(id))}
        </>
      )}
      {invites && item('star', t('inviteRating'), () => void handling.inviteRating())}
      {standing.oversees && standing.handled && !standing.mine && (
        <Oversight chat={chat} joined={standing.joined} item={item} />
      )}
      {standing.manages && <PriorityItems chat={chat} conversation={conversation} close={close} />}
      <p class="menu-title">{t('transcript')}</p>
      {item('download', t('transcriptDownload'), () => download(handling.transcriptUrl('html')))}
      <CopyTranscript chat={chat} />
    </div>
  );
}

function Oversight({
  chat,
  joined,
  item,
}: {
  chat: Chat;
  joined: boolean;
  item(icon: IconName, text: string, run: () => void): ComponentChildren;
}) {
  const { t } = useConsole().i18n;
  const { handling } = chat;
  return (
    <>
      <p class="menu-title">{t('oversightAudited')}</p>
      {joined
        ? item('leave', t('leave'), () => void handling.oversee('leave'))
        : item('join', t('join'), () => void handling.oversee('join'))}
      {item('whisper', t('whisper'), () => (chat.panel.value = { kind: 'whisper' }))}
      {item('swap', t('takeOver'), () => void handling.oversee('takeover'))}
    </>
  );
}

function PriorityItems({ chat, conversation, close }: ActionsProps & { close(): void }) {
  const { t } = useConsole().i18n;
  return (
    <>
      <p class="menu-title">{t('priority')}</p>
      <div class="priority-choice" role="group" aria-label={t('priority')}>
        {PRIORITIES.map((each) => (
          <button
            key={each}
            type="button"
            class={`menu-item is-${each}`}
            aria-pressed={conversation.priority === each}
            onClick={() => {
              close();
              void chat.handling.setPriority(each);
            }}
          >
            <Icon name="flag" size={14} filled={each === 'urgent'} />
            <span>{t(PRIORITY_TEXTS[each])}</span>
          </button>
        ))}
      </div>
    </>
  );
}

function CopyTranscript({ chat }: { chat: Chat }) {
  const { t } = useConsole().i18n;
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle');
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(await chat.handling.transcript());
      setState('copied');
    } catch {
      setState('failed');
    }
    setTimeout(() => setState('idle'), COPIED_SHOWN_MS);
  };
  return (
    <button type="button" class="menu-item" onClick={() => void copy()}>
      <Icon name={state === 'copied' ? 'check' : state === 'failed' ? 'alert' : 'copy'} size={16} />
      <span role="status">{copyText(state, t)}</span>
    </button>
  );
}

function copyText(state: 'idle' | 'copied' | 'failed', t: ConsoleI18n['t']): string {
  if (state === 'copied') return t('copied');
  return t(state === 'failed' ? 'copyFailed' : 'transcriptCopy');
}

function download(url: string): void {
  const link = document.createElement('a');
  link.href = url;
  link.download = '';
  link.click();
}
