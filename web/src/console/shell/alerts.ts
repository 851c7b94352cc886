import {
  computed,
  type ReadonlySignal,
  untracked,
  useComputed,
  useSignalEffect,
} from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { chime } from '../../ui/sound';
import { offersTo } from '../chat/offered';
import { type ConsoleI18n, useConsole, useDesk } from '../context';
import type { Desk } from '../desk';
import { go } from '../router';
import { Stored } from '../stored';
import type { AlertEvent, Notice } from './notice-board';
import { noticeText } from './notice-text';

export type AlertWay = 'sound' | 'desktop' | 'title';
type Ways = Readonly<Partial<Record<AlertWay, boolean>>>;

export const ALERT_EVENTS: readonly AlertEvent[] = [
  'offered',
  'assigned',
  'message',
  'mention',
  'queued',
  'overdue',
];
export const ALERT_WAYS: readonly AlertWay[] = ['sound', 'desktop', 'title'];

/** Which event calls in which way. A way that an event does not have is left out. */
export const alertWays = new Stored<Record<AlertEvent, Ways>>('kefu-console-alerts', {
  offered: { sound: true, desktop: true, title: true },
  assigned: { sound: true, desktop: true },
  message: { sound: true, desktop: true, title: true },
  mention: { sound: true, desktop: true },
  queued: { sound: true, desktop: true, title: false },
  overdue: { sound: false, desktop: false },
});

const CHIME_GAP_MS = 1_500;
const OFFER_REPEAT_MS = 4_000;
let chimedAt = 0;

/** Calls the agent with tones and desktop notifications, as it was chosen. */
export function useAlerts(): void {
  const desk = useDesk();
  const { i18n } = useConsole();
  useSignalEffect(() => {
    const notice = desk.board.latest.value;
    if (notice) untracked(() => call(notice, desk, i18n));
  });
  // An offer is over soon: it goes on calling until it is answered.
  const offered = useComputed(() => offersTo(desk).length > 0).value;
  useEffect(() => {
    if (!offered) return;
    const timer = setInterval(() => {
      if (alertWays.peek().offered.sound) ring();
    }, OFFER_REPEAT_MS);
    return () => clearInterval(timer);
  }, [offered]);
}

function call(notice: Notice, desk: Desk, i18n: ConsoleI18n): void {
  if (!('conversation' in notice)) return;
  const ways = alertWays.peek()[notice.kind];
  const seen = document.visibilityState === 'visible';
  const { conversation } = notice;
  if (ways.sound && !(seen && desk.chat.peek()?.id === conversation)) ring();
  if (!ways.desktop || seen || desktopPermission() !== 'granted') return;
  const shown = new Notification(noticeText(notice, i18n), {
    body: notice.text ?? '',
    icon: './icon.svg',
    tag: conversation,
  });
  shown.onclick = () => {
    window.focus();
    go(notice.kind === 'queued' ? 'waiting' : 'mine', conversation);
    shown.close();
  };
}

function ring(): void {
  if (Date.now() - chimedAt < CHIME_GAP_MS) return;
  chimedAt = Date.now();
  chime();
}

export function desktopPermission(): NotificationPermission | 'unsupported' {
  return typeof Notification === 'undefined' ? 'unsupported' : Notification.permission;
}

/** The number in the title of the window. */
export function titleCount(desk: Desk): ReadonlySignal<number> {
  return computed(() => {
    const { message, queued, offered } = alertWays.value;
    const waiting = desk.known.lists.waiting.value.length;
    const offers = offersTo(desk).length;
    return (
      (message.title ? desk.unreadCount.value : 0) +
      (queued.title ? waiting : offered.title ? offers : 0)
    );
  });
}
