import { useComputed } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Agent, Page } from '../../protocol/types';
import { Icon } from '../../ui/icons';
import { useConsole, useDesk } from '../context';
import { pageHref } from '../router';
import { Stored } from '../stored';

const steps = new Stored('kefu-console-first-steps', {
  begun: false,
  copied: false,
  opened: false,
  dismissed: false,
});

/** Where the demo shop is served there is a page to try the chat on. */
const TEST_PAGE = new URL('../demo', location.href).href;

/** What makes a new server useful, for who may set it up; it stays until it is closed. */
export function FirstSteps() {
  const desk = useDesk();
  const { begun, dismissed } = steps.value;
  const { permissions } = desk.me.value;
  const isLoaded = useComputed(() => desk.list.pages.value.all.status === 'ready').value;
  useEffect(() => {
    const isNew = isLoaded && [...desk.known.values()].length === 0;
    if (isNew && !steps.peek().begun) steps.set({ begun: true });
  }, [desk, isLoaded]);
  const setsUp = permissions.includes('inboxes') && permissions.includes('agents');
  return begun && !dismissed && setsUp ? <Checklist /> : null;
}

function Checklist() {
  const desk = useDesk();
  const { t } = useConsole().i18n;
  const { copied, opened } = steps.value;
  const [hasTestPage, setHasTestPage] = useState(false);
  const [colleagues, setColleagues] = useState(false);
  const greeted = useComputed(() => {
    for (const { last_message } of desk.known.values()) if (last_message) return true;
    return false;
  }).value;

  useEffect(() => {
    const request = { method: 'HEAD', cache: 'no-store' } as const;
    fetch(TEST_PAGE, request).then(
      ({ ok }) => setHasTestPage(ok),
      () => undefined,
    );
    desk.api.get<Page<Agent>>('agents').then(
      ({ items }) => setColleagues(items.length > 1),
      () => undefined,
    );
  }, [desk]);

  const dismiss = () => steps.set({ dismissed: true });
  return (
    <section class="first-steps" aria-label={t('firstSteps')}>
      <header>
        <h2>{t('firstSteps')}</h2>
        <button type="button" class="icon-button" aria-label={t('close')} onClick={dismiss}>
          <Icon name="close" size={16} />
        </button>
      </header>
      <ol>
        <Step done={copied} text={t('stepSnippet')}>
          <Snippet />
        </Step>
        {hasTestPage && (
          <Step done={opened} text={t('stepTestPage')}>
            <a
              class="button"
              href={TEST_PAGE}
              target="_blank"
              rel="noopener"
              onClick={() => steps.set({ opened: true })}
            >
              {t('stepOpen')}
            </a>
          </Step>
        )}
        <Step done={greeted} text={t('stepHello')} />
        <Step done={colleagues} text={t('stepTeam')}>
          <a class="button" href={pageHref('settings', ['agents'])}>
            {t('stepInvite')}
          </a>
        </Step>
      </ol>
    </section>
  );
}

interface StepProps {
  done: boolean;
  text: string;
  children?: ComponentChildren;
}

function Step({ done, text, children }: StepProps) {
  const { t } = useConsole().i18n;
  return (
    <li class={done ? 'is-done' : ''}>
      <p>
        <span class="step-mark">{done && <Icon name="check" size={14} label={t('stepDone')} />}</span>
        {text}
      </p>
      {!done && children}
    </li>
  );
}

/** The one line that puts the chat on a site. */
function Snippet() {
  const desk = useDesk();
  const { t } = useConsole().i18n;
  const inbox = [...desk.directory.inboxes.value.values()][0]?.key ?? 'web';
  const loader = new URL('../widget/loader.js', location.href).href;
  const line = `<script async src="${loader}" data-inbox="${inbox}"></script>`;
  const copy = () =>
    navigator.clipboard?.writeText(line).then(
      () => steps.set({ copied: true }),
      () => undefined,
    );
  return (
    <div class="snippet">
      <code>{line}</code>
      <button type="button" class="button" onClick={() => void copy()}>
        <Icon name="copy" size={16} />
        {t('copy')}
      </button>
    </div>
  );
}
