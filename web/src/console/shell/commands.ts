import type { Conversation, View } from '../../protocol/types';
import { accept } from '../chat/accept';
import type { Desk } from '../desk';
import { isMine, isUnread, seesAll } from '../list/views';
import { go, route } from '../router';

/** The open conversation if this agent may change it. */
export function changeable(desk: Desk): Conversation | null {
  const open = desk.chat.peek()?.conversation;
  if (!open) return null;
  const me = desk.me.peek();
  return isMine(open, me) || seesAll(me) ? open : null;
}

/** Accepts what is open and waits, else who has waited longest; false when nobody does. */
export function acceptOrTakeOldest(desk: Desk): boolean {
  const open = desk.chat.peek()?.conversation;
  const target = open?.state === 'queued' ? open : desk.rows.peek().waiting[0];
  if (target) void accept(desk, target.id);
  return target !== undefined;
}

export function resolve(desk: Desk): boolean {
  const open = changeable(desk);
  if (open?.state !== 'open' && open?.state !== 'pending') return false;
  void desk.act(open.id, 'resolve');
  return true;
}

/** Ends the open conversation and shows the one after it in the list. */
export async function resolveAndNext(desk: Desk): Promise<void> {
  const { view, conversation } = route.peek();
  const next = neighbour(desk, view, conversation, 1) ?? neighbour(desk, view, conversation, -1);
  const open = changeable(desk);
  if (!open || (open.state !== 'open' && open.state !== 'pending')) return;
  if (await desk.act(open.id, 'resolve')) go(view, next);
}

export function togglePending(desk: Desk): boolean {
  const open = changeable(desk);
  if (open?.state !== 'open' && open?.state !== 'pending') return false;
  void desk.act(open.id, open.state === 'open' ? 'pending' : 'reopen');
  return true;
}

/** Hands a conversation of somebody else to this agent. */
export function assignToMe(desk: Desk): boolean {
  const open = changeable(desk);
  const me = desk.me.peek();
  if (!open || isMine(open, me) || (open.state !== 'open' && open.state !== 'pending')) return false;
  void desk.transfer(open.id, me.id);
  return true;
}

/** Opens the conversation above or below the open one. */
export function openNeighbour(desk: Desk, by: 1 | -1): boolean {
  const { view, conversation } = route.peek();
  const next = neighbour(desk, view, conversation, by);
  if (next) go(view, next);
  return next !== null;
}

/** Opens the next conversation with something new below the open one, or from the top. */
export function openNextUnread(desk: Desk): boolean {
  const { view, conversation } = route.peek();
  const rows = desk.rows.peek()[view];
  const at = rows.findIndex((row) => row.id === conversation);
  const next = [...rows.slice(at + 1), ...rows.slice(0, Math.max(at, 0))].find(isUnread);
  if (next) go(view, next.id);
  return next !== undefined;
}

function neighbour(desk: Desk, view: View, conversation: string | null, by: 1 | -1): string | null {
  const rows = desk.rows.peek()[view];
  const at = rows.findIndex((row) => row.id === conversation);
  return rows[at < 0 ? 0 : at + by]?.id ?? null;
}

export function focusList(): void {
  const list = document.querySelector('.list-rows');
  const row =
    list?.querySelector<HTMLElement>('[aria-current="true"]') ??
    list?.querySelector<HTMLElement>('a');
  row?.focus();
}
