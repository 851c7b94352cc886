import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Agent, AuditLine } from '../../protocol/types';
import { Icon } from '../../ui/icons';
import { number } from '../../ui/numbers';
import { useConsole } from '../context';
import { href } from '../router';
import { filterBy } from './filter';
import { useAuditTexts } from './texts';
import { actionText, actorText, targetText } from './words';

interface LinesProps {
  lines: readonly AuditLine[];
  agents: readonly Agent[];
}

export function Lines({ lines, agents }: LinesProps) {
  const { t } = useAuditTexts();
  return (
    <ol class="audit-lines" reversed aria-label={t('linesLabel')}>
      {lines.map((line) => (
        <Line key={line.number} line={line} agents={agents} />
      ))}
    </ol>
  );
}

function Line({ line, agents }: { line: AuditLine; agents: readonly Agent[] }) {
  const { locale } = useConsole().i18n;
  const texts = useAuditTexts();
  const [open, setOpen] = useState(false);
  const id = `audit-${line.number}`;
  const target = targetText(line, agents, texts);
  return (
    <li class={`audit-line ${open ? 'is-open' : ''}`}>
      <button
        type="button"
        class="audit-row"
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
      >
        <span class="audit-number">{number(line.number, locale.value)}</span>
        <time dateTime={line.at}>{timeOf(line.at, locale.value)}</time>
        <span class="audit-actor">{actorText(line, agents, texts)}</span>
        <span class="audit-action">{actionText(line.action, texts)}</span>
        <span class="audit-target">{target}</span>
        <Icon name="chevron" size={16} />
      </button>
      {open && <Detail id={id} line={line} />}
    </li>
  );
}

/** To the second, for what came first matters. */
function timeOf(iso: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  }).format(Date.parse(iso));
}

function Detail({ id, line }: { id: string; line: AuditLine }) {
  const { t } = useAuditTexts();
  const entries = Object.entries(line.detail).filter(([, value]) => value !== null);
  const { actor_id, target_id, target_kind } = line;
  return (
    <div class="audit-detail" id={id}>
      <dl>
        <Fact name={t('code')}>
          <code>{line.action}</code>
        </Fact>
        {line.address && <Fact name={t('address')}>{line.address}</Fact>}
        {actor_id && (
          <Fact name={t('actorId')}>
            <code>{actor_id}</code>{' '}
            <button type="button" class="link-button" onClick={() => filterBy({ actor: actor_id })}>
              {t('onlyThis')}
            </button>
          </Fact>
        )}
        {target_id && (
          <Fact name={t('targetId')}>
            <code>{target_id}</code>{' '}
            <button
              type="button"
              class="link-button"
              onClick={() => filterBy({ target: target_id })}
            >
              {t('onlyThis')}
            </button>
            {target_kind === 'conversation' && (
              <a href={href('all', target_id)}>{t('openConversation')}</a>
            )}
          </Fact>
        )}
        {entries.map(([name, value]) => (
          <Fact key={name} name={name}>
            <code>{typeof value === 'string' ? value : JSON.stringify(value)}</code>
          </Fact>
        ))}
        <Fact name={t('hash')}>
          <code>{line.hash}</code>
        </Fact>
      </dl>
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
