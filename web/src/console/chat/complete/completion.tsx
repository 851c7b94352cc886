import type { RefObject } from 'preact';
import { useId, useLayoutEffect } from 'preact/hooks';
import { texts } from '../../../i18n/chat';
import { useTextsOf } from '../../context';
import { optionId } from '../combo-field';
import type { Completer } from './completer';
import './completion.css';

interface CompletionProps {
  completer: Completer;
  field: RefObject<HTMLTextAreaElement | null>;
}

/**
 * What is offered above a field while somebody writes in it. The field keeps the focus and names the option that its keys
 * have chosen.
 */
export function Completion({ completer, field }: CompletionProps) {
  const { t, count } = useTextsOf(texts);
  const listId = useId();
  const options = completer.options.value;
  const active = completer.active.value;
  const kind = completer.begun.value?.kind;
  const activeId = active && optionId(listId, active.key);

  useLayoutEffect(() => {
    const element = field.current;
    if (!element || activeId === null) return;
    element.setAttribute('aria-autocomplete', 'list');
    element.setAttribute('aria-controls', listId);
    element.setAttribute('aria-activedescendant', activeId);
    document.getElementById(activeId)?.scrollIntoView({ block: 'nearest' });
    return () => {
      for (const name of ['autocomplete', 'controls', 'activedescendant']) {
        element.removeAttribute(`aria-${name}`);
      }
    };
  }, [activeId]);
  // The cursor goes elsewhere without a word being typed, or the field is left.
  useLayoutEffect(() => {
    const look = () => {
      const element = field.current;
      if (element && document.activeElement === element) {
        completer.look(element.value, element.selectionStart);
      }
    };
    const leave = () => (completer.begun.value = null);
    const element = field.current;
    document.addEventListener('selectionchange', look);
    element?.addEventListener('blur', leave);
    return () => {
      document.removeEventListener('selectionchange', look);
      element?.removeEventListener('blur', leave);
    };
  }, [completer]);

  if (!active || !kind) return null;
  return (
    <>
      <ul class="completion" id={listId} role="listbox" aria-label={t(TITLES[kind])}>
        {options.map((option) => (
          <li
            key={option.key}
            id={optionId(listId, option.key)}
            class={`completion-option ${option === active ? 'is-active' : ''}`}
            role="option"
            aria-selected={option === active}
            // Before the field loses the focus.
            onPointerDown={(event) => {
              event.preventDefault();
              completer.pick(option);
            }}
            onPointerMove={() => option !== active && completer.choose(option)}
          >
            {option.sign !== undefined && (
              <span class="completion-sign" aria-hidden="true">
                {option.sign}
              </span>
            )}
            <span class="completion-label">{option.label}</span>
            <span class="hint">{option.hint}</span>
          </li>
        ))}
      </ul>
      <span class="visually-hidden" role="status">
        {count('completions', options.length)}
      </span>
    </>
  );
}

const TITLES = {
  mention: 'completeMention',
  emoji: 'completeEmoji',
  variable: 'completeVariable',
} as const;
