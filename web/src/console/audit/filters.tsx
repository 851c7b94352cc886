import type { Agent } from '../../protocol/types';
import { Field } from '../../ui/field';
import { Icon } from '../../ui/icons';
import { ACTIONS, SUBJECTS } from './actions';
import { type AuditFault, type AuditFilter, filterBy } from './filter';
import { useAuditTexts } from './texts';
import { actionText } from './words';

interface FiltersProps {
  filter: AuditFilter;
  fault: AuditFault | null;
  agents: readonly Agent[];
}

export function Filters({ filter, fault, agents }: FiltersProps) {
  const texts = useAuditTexts();
  const { t } = texts;
  const isSet = Object.values(filter).some((each) => each !== '');
  const unknown = filter.actor !== '' && !agents.some(({ id }) => id === filter.actor);
  return (
    <section class="audit-filters" role="search" aria-label={t('filters')}>
      <Field label={t('action')}>
        {(ties) => (
          <select
            class="input"
            {...ties}
            value={filter.action}
            onChange={(event) => filterBy({ action: event.currentTarget.value })}
          >
            <option value="">{t('allActions')}</option>
            {SUBJECTS.map((subject) => (
              <optgroup key={subject} label={t(`subject_${subject}`)}>
                {ACTIONS[subject].length > 1 && (
                  <option value={`${subject}.`}>
                    {t('allOf', { subject: t(`subject_${subject}`) })}
                  </option>
                )}
                {ACTIONS[subject].map((action) => (
                  <option key={action} value={action}>
                    {actionText(action, texts)}
                  </option>
                ))}
              </optgroup>
            ))}
          </select>
        )}
      </Field>
      <Field label={t('actor')}>
        {(ties) => (
          <select
            class="input"
            {...ties}
            value={filter.actor}
            onChange={(event) => filterBy({ actor: event.currentTarget.value })}
          >
            <option value="">{t('allActors')}</option>
            {unknown && <option value={filter.actor}>{filter.actor}</option>}
            {agents.map((agent) => (
              <option key={agent.id} value={agent.id}>
                {agent.name}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label={t('target')} error={fault === 'target' ? t('faultTarget') : null}>
        {(ties) => (
          <input
            class="input"
            type="search"
            spellcheck={false}
            placeholder={t('targetId')}
            {...ties}
            value={filter.target}
            onChange={(event) => filterBy({ target: event.currentTarget.value.trim() })}
          />
        )}
      </Field>
      <Field label={t('from')}>
        {(ties) => (
          <input
            class="input"
            type="date"
            {...ties}
            value={filter.from}
            onChange={(event) => filterBy({ from: event.currentTarget.value })}
          />
        )}
      </Field>
      <Field label={t('to')} error={fault === 'order' ? t('faultOrder') : null}>
        {(ties) => (
          <input
            class="input"
            type="date"
            {...ties}
            value={filter.to}
            onChange={(event) => filterBy({ to: event.currentTarget.value })}
          />
        )}
      </Field>
      {isSet && (
        <button
          type="button"
          class="button"
          onClick={() => filterBy({ actor: '', target: '', action: '', from: '', to: '' })}
        >
          <Icon name="close" size={16} />
          {t('clear')}
        </button>
      )}
    </section>
  );
}
