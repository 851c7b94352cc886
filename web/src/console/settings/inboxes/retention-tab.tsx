import { texts } from '../../../i18n/inboxes';
import { useTextsOf } from '../../context';
import { NumberInput } from '../../forms/inputs';
import { Part } from '../section';
import { type InboxSettings, KEPT, type Kept } from '../shapes';
import { changeSettings, type InboxForm } from './form';

export function RetentionTab({ form }: { form: InboxForm }) {
  const { t } = useTextsOf(texts);
  const kept = form.value.value.settings.retention ?? {};
  const change = (kind: Kept, days: number | null) => {
    const { [`${kind}_days` as const]: _, ...others } = kept;
    const retention = (
      days === null ? others : { ...others, [`${kind}_days`]: days }
    ) as NonNullable<InboxSettings['retention']>;
    changeSettings(form, {
      retention: Object.keys(retention).length > 0 ? retention : undefined,
    });
  };
  return (
    <Part title={t('partRetention')} lead={t('partRetentionLead')}>
      {KEPT.map((kind) => (
        <NumberInput
          key={kind}
          label={t(`kept_${kind}`)}
          hint={t(`kept_${kind}Hint`)}
          value={kept[`${kind}_days`] ?? null}
          error={form.errorAt(`retention.${kind}_days`)}
          placeholder={t('keptUsual')}
          suffix={t('days')}
          onInput={(days) => change(kind, days)}
        />
      ))}
    </Part>
  );
}
