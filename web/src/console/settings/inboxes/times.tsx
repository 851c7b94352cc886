import { texts } from '../../../i18n/inboxes';
import { useTextsOf } from '../../context';
import { Choices, DurationInput } from '../../forms/inputs';
import { Part } from '../section';
import { changeSettings, type InboxForm } from './form';

/** Targets, and what happens in silence. */
export function TimesTab({ form }: { form: InboxForm }) {
  const { t } = useTextsOf(texts);
  const { settings } = form.value.value;
  return (
    <>
      <Part title={t('partTargets')} lead={t('partTargetsLead')}>
        <DurationInput
          label={t('waitingTarget')}
          hint={t('waitingTargetHint')}
          value={settings.waiting_target_s ?? null}
          error={form.errorAt('waiting_target_s')}
          onInput={(value) => changeSettings(form, { waiting_target_s: value ?? undefined })}
        />
        <DurationInput
          label={t('responseTarget')}
          hint={t('responseTargetHint')}
          value={settings.first_response_target_s ?? null}
          error={form.errorAt('first_response_target_s')}
          onInput={(value) => changeSettings(form, { first_response_target_s: value ?? undefined })}
        />
      </Part>
      <Part title={t('partSilence')} lead={t('partSilenceLead')}>
        <DurationInput
          label={t('idleWarn')}
          hint={t('idleWarnHint')}
          value={settings.idle_warn_s ?? null}
          error={form.errorAt('idle_warn_s')}
          onInput={(value) => changeSettings(form, { idle_warn_s: value ?? undefined })}
        />
        <DurationInput
          label={t('idleClose')}
          hint={t('idleCloseHint')}
          value={settings.idle_close_s ?? null}
          error={form.errorAt('idle_close_s')}
          onInput={(value) => changeSettings(form, { idle_close_s: value ?? undefined })}
        />
        <Choices
          label={t('silence')}
          value={settings.silence ?? 'visitor'}
          error={form.errorAt('silence')}
          options={[
            { value: 'visitor', label: t('silenceVisitor'), hint: t('silenceVisitorHint') },
            { value: 'anybody', label: t('silenceAnybody'), hint: t('silenceAnybodyHint') },
          ]}
          onChange={(silence) => changeSettings(form, { silence })}
        />
      </Part>
    </>
  );
}
