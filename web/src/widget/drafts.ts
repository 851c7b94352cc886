import { type Signal, signal, useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { useWidget } from './context';

const KEY = 'kefu-draft';
/** Storage that was not used yet keeps a page waiting: what is sent at once does not ask for it. */
const REST_MS = 500;

/** What is being written. It outlives a change of page; a frame without storage keeps it for this page only. */
export function useDraft(): Signal<string> {
  const { me } = useWidget().widget;
  const visitor = me.peek().id ?? '';
  const text = useMemo(() => signal(visitor && read(visitor)), []);
  const rested = useSignal(false);
  useEffect(() => {
    setTimeout(() => {
      text.value ||= read(visitor);
      rested.value = true;
    }, REST_MS);
  }, []);
  // What was begun before there was a session belongs to the visitor that it made.
  useSignalEffect(() => {
    if (rested.value) write(me.value.id ?? '', text.value);
  });
  return text;
}

function read(visitor: string): string {
  try {
    return sessionStorage.getItem(`${KEY}:${visitor}`) ?? '';
  } catch {
    return '';
  }
}

function write(visitor: string, text: string): void {
  try {
    if (text === '') sessionStorage.removeItem(`${KEY}:${visitor}`);
    else sessionStorage.setItem(`${KEY}:${visitor}`, text);
  } catch {
    // See above.
  }
}
