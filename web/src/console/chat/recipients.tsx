import { useId, useLayoutEffect, useState } from 'preact/hooks';
import type { Agent, Page, Team } from '../../protocol/types';
import { texts } from '../../i18n/chat';
import { Avatar } from '../../ui/avatar';
import { Icon } from '../../ui/icons';
import { type Load, useLoad } from '../../ui/load';
import { useConsole, useDesk, useTextsOf } from '../context';
import { ComboField, optionId } from './combo-field';
import type { Recipient } from './handling';
import { RANK, STATUS_TEXTS } from './ranks';
import { finds } from './search/fuzzy';
import './dialogs.css';

/** Who or what a conversation can be handed to. */
export type Option =
  | { id: string; kind: 'queue' }
  | { id: string; kind: 'team'; team: Team; online: number }
  | { id: string; kind: 'agent'; agent: Agent };

export interface People {
  agents: Agent[];
  teams: Team[];
}

export function usePeople(): Load<People> {
  const desk = useDesk();
  return useLoad<People>('people', async (signal) => {
    const [agents, teams] = await Promise.all([
      desk.api.get<Page<Agent>>('agents', {}, { signal }),
      desk.api.get<Page<Team>>('teams', {}, { signal }),
    ]);
    return { agents: agents.items, teams: teams.items };
  });
}

interface RecipientListProps {
  options: readonly Option[];
  /** Null while nobody matches what is looked for. */
  onChoose(option: Option | null): void;
  onPick(): void;
}

/** A search field and the list below it; the first that matches is chosen until another one is. */
export function RecipientList({ options, onChoose, onPick }: RecipientListProps) {
  const { t } = useTextsOf(texts);
  const [query, setQuery] = useState('');
  const [chosen, setChosen] = useState<string | null>(null);
  const listId = useId();
  const shown = options.filter((option) => finds(query, nameOf(option, t('transferQueue'))));
  const selected = shown.find((each) => each.id === chosen) ?? shown[0] ?? null;
  // Before the next key: Enter sends it to whom the list shows as chosen.
  useLayoutEffect(() => onChoose(selected), [selected?.id]);
  return (
    <>
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
            onDblClick={onPick}
          >
            <OptionView option={option} />
          </li>
        ))}
      </ul>
      {shown.length === 0 && <p class="hint">{t('transferNone')}</p>}
    </>
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
export function optionsOf(
  { agents, teams }: People,
  assignee: string | null,
  hasQueue: boolean,
): Option[] {
  const there = agents.filter((agent) => !agent.disabled && agent.id !== assignee);
  const online = (team: Team) =>
    agents.filter((agent) => agent.status === 'online' && agent.teams.includes(team.id)).length;
  there.sort((a, b) => RANK[a.status] - RANK[b.status] || a.load - b.load);
  const queue: Option[] = hasQueue ? [{ id: 'queue', kind: 'queue' }] : [];
  return [
    ...there.map((agent): Option => ({ id: agent.id, kind: 'agent', agent })),
    ...teams.map((team): Option => ({ id: team.id, kind: 'team', team, online: online(team) })),
    ...queue,
  ];
}

export function nameOf(option: Option, queue: string): string {
  if (option.kind === 'queue') return queue;
  return option.kind === 'team' ? option.team.name : option.agent.name;
}

export function recipientOf(option: Option): Recipient {
  if (option.kind === 'queue') return null;
  return option.kind === 'team' ? { team_id: option.id } : { agent_id: option.id };
}
