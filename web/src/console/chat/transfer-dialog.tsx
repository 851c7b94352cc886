import { useId, useMemo, useState } from 'preact/hooks';
import type { Agent, Conversation, Page, Team } from '../../protocol/types';
import { texts } from '../../i18n/chat';
import { Avatar } from '../../ui/avatar';
import { Dialog } from '../../ui/dialog';
import { Field } from '../../ui/field';
import { Icon } from '../../ui/icons';
import { useLoad } from '../../ui/load';
import { useConsole, useDesk, useTextsOf } from '../context';
import { Loaded } from '../loaded';
import { ComboField, optionId } from './combo-field';
import type { Handling, Recipient } from './handling';
import type { PanelProps } from './panel';
import { finds } from './search/fuzzy';
import './dialogs.css';

const RANK = { online: 0, busy: 1, away: 2, offline: 3 } as const;
const STATUS_TEXTS = {
  online: 'statusOnline',
  busy: 'statusBusy',
  away: 'statusAway',
  offline: 'statusOffline',
} as const;

type Option =
  | { id: string; kind: 'queue' }
  | { id: string; kind: 'team'; team: Team; online: number }
  | { id: string; kind: 'agent'; agent: Agent };

interface People {
  agents: Agent[];
  teams: Team[];
}

export default function TransferDialog({ chat, conversation, close }: PanelProps) {
  const desk = useDesk();
  const { t } = useTextsOf(texts);
  const people = useLoad<People>('people', async (signal) => {
    const [agents, teams] = await Promise.all([
      desk.api.get<Page<Agent>>('agents', {}, { signal }),
      desk.api.get<Page<Team>>('teams', {}, { signal }),
    ]);
    return { agents: agents.items, teams: teams.items };
  });
  return (
    <Dialog title={t('transferTitle')} onClose={close}>
      <Loaded of={people}>
        {(value) => (
          <TransferForm
            conversation={conversation}
            people={value}
            handling={chat.handling}
            close={close}
          />
        )}
      </Loaded>
    </Dialog>
  );
}

interface TransferFormProps {
  conversation: Conversation;
  people: People;
  handling: Handling;
  close(): void;
}

function TransferForm({ conversation, people, handling, close }: TransferFormProps) {
  const { t } = useTextsOf(texts);
  const [query, setQuery] = useState('');
  const [chosen, setChosen] = useState<string | null>(null);
  const [note, setNote] = useState('');
  const [sending, setSending] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const listId = useId();
  const options = useMemo(() => optionsOf(conversation, people), [conversation, people]);
  const shown = options.filter((option) => finds(query, nameOf(option, t('transferQueue'))));
  const selected = shown.find((each) => each.id === chosen) ?? shown[0] ?? null;

  const submit = async () => {
    if (selected === null || sending) return;
    setSending(true);
    setError(null);
    // Whoever gets it finds the note there; written once, however often the transfer is tried.
    const noted = note.trim() === '' || (await handling.note(note.trim()));
    if (noted) setNote('');
    const done = noted && (await handling.transfer(recipientOf(selected)));
    setSending(false);
    if (done) close();
    else setError(t(noted ? 'transferRefused' : 'transferNoteRefused'));
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
      onKeyDown={(event) => {
        const ends = event.key === 'Enter' && (event.ctrlKey || event.metaKey);
        if (!ends || event.isComposing) return;
        event.preventDefault();
        void submit();
      }}
    >
      <ComboField
        label={t('transferSearch')}
        listId={listId}
        keys={shown.map((each) => each.id)}
        active={selected?.id ?? null}
        value={query}
        onInput={setQuery}
        onMove={setChosen}
      />
      <ul class="choice-list" id={listId} role="listbox" aria-label={t('transferTitle')}>
        {shown.map((option) => (
          <li
            key={option.id}
            id={optionId(listId, option.id)}
            class="choice"
            role="option"
            aria-selected={option === selected}
            onClick={() => setChosen(option.id)}
            onDblClick={() => void submit()}
          >
            <OptionView option={option} />
          </li>
        ))}
      </ul>
      {shown.length === 0 && <p class="hint">{t('transferNone')}</p>}
      <Field label={t('transferNote')} hint={t('transferNoteHint')} error={error}>
        {(ties) => (
          <textarea
            class="input"
            rows={2}
            value={note}
            onInput={(event) => setNote(event.currentTarget.value)}
            {...ties}
          />
        )}
      </Field>
      <div class="dialog-actions">
        <button type="button" class="button" onClick={close}>
          {t('cancel')}
        </button>
        <button type="submit" class="button is-primary" disabled={selected === null || sending}>
          <Icon name="swap" size={16} />
          {selected
            ? t('transferTo', { name: nameOf(selected, t('transferQueue')) })
            : t('transferTitle')}
        </button>
      </div>
    </form>
  );
}

function OptionView({ option }: { option: Option }) {
  const { t: shared } = useConsole().i18n;
  const { t, count } = useTextsOf(texts);
  switch (option.kind) {
    case 'queue':
      return (
        <>
          <span class="choice-icon">
            <Icon name="clock" size={16} />
          </span>
          <span class="choice-text">
            {t('transferQueue')}
            <span class="hint">{t('transferQueueHint')}</span>
          </span>
        </>
      );
    case 'team':
      return (
        <>
          <span class="choice-icon">
            <Icon name="people" size={16} />
          </span>
          <span class="choice-text">
            {option.team.name}
            <span class="hint">{count('transferTeamOnline', option.online)}</span>
          </span>
        </>
      );
    case 'agent': {
      const { agent } = option;
      return (
        <>
          <Avatar name={agent.name} seed={agent.id} size={28} status={agent.status} />
          <span class="choice-text">
            {agent.name}
            <span class="hint">{shared(STATUS_TEXTS[agent.status])}</span>
          </span>
          <span class="count">
            {agent.load}/{agent.capacity}
          </span>
        </>
      );
    }
  }
}

/** The agents, who is there and has the least to do first; then the teams, then the queue. */
function optionsOf(conversation: Conversation, { agents, teams }: People): Option[] {
  const there = agents.filter((agent) => !agent.disabled && agent.id !== conversation.assignee?.id);
  const online = (team: Team) =>
    agents.filter((agent) => agent.status === 'online' && agent.teams.includes(team.id)).length;
  there.sort((a, b) => RANK[a.status] - RANK[b.status] || a.load - b.load);
  const queue: Option[] = conversation.state === 'queued' ? [] : [{ id: 'queue', kind: 'queue' }];
  return [
    ...there.map((agent): Option => ({ id: agent.id, kind: 'agent', agent })),
    ...teams.map((team): Option => ({ id: team.id, kind: 'team', team, online: online(team) })),
    ...queue,
  ];
}

function nameOf(option: Option, queue: string): string {
  if (option.kind === 'queue') return queue;
  return option.kind === 'team' ? option.team.name : option.agent.name;
}

function recipientOf(option: Option): Recipient {
  if (option.kind === 'queue') return null;
  return option.kind === 'team' ? { team_id: option.id } : { agent_id: option.id };
}
