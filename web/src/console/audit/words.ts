import type { Agent, AuditLine } from '../../protocol/types';
import { type Action, isKnown } from './actions';
import type { AuditKey, AuditTexts } from './texts';

type Underlined<T extends string> = T extends `${infer A}.${infer B}` ? `${A}_${B}` : T;

/** What was done; of an action that this page does not know, its code. */
export function actionText(action: string, { t }: AuditTexts): string {
  return isKnown(action) ? t(`action_${action.replace('.', '_') as Underlined<Action>}`) : action;
}

const ACTORS: Record<string, AuditKey> = {
  agent: 'actor_agent',
  visitor: 'actor_visitor',
  key: 'actor_key',
  shell: 'actor_shell',
  system: 'actor_system',
  unknown: 'actor_unknown',
};

/** Who did it: an agent by name, others by what they are. */
export function actorText(line: AuditLine, agents: readonly Agent[], { t }: AuditTexts): string {
  const agent = agents.find(({ id }) => id === line.actor_id);
  if (agent) return agent.name;
  const kind = ACTORS[line.actor_kind];
  const word = kind ? t(kind) : line.actor_kind;
  return line.actor_id ? `${word} ${shortId(line.actor_id)}` : word;
}

const TARGETS: Record<string, AuditKey> = {
  agent: 'subject_agent',
  article: 'subject_article',
  block: 'subject_block',
  canned_reply: 'subject_canned_reply',
  category: 'subject_category',
  conversation: 'subject_conversation',
  customer: 'subject_customer',
  file: 'subject_file',
  inbox: 'subject_inbox',
  key: 'subject_key',
  message: 'subject_message',
  role: 'subject_role',
  session: 'subject_session',
  tag: 'subject_tag',
  team: 'subject_team',
  ticket: 'subject_ticket',
};

export function targetText(line: AuditLine, agents: readonly Agent[], { t }: AuditTexts): string {
  const { target_kind, target_id } = line;
  if (target_kind === null) return '';
  const kind = TARGETS[target_kind];
  const word = kind ? t(kind) : target_kind;
  if (target_id === null) return word;
  const agent = agents.find(({ id }) => id === target_id);
  return `${word} ${agent ? agent.name : shortId(target_id)}`;
}

function shortId(id: string): string {
  return `…${id.slice(-6)}`;
}
