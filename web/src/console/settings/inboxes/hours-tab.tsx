import { texts } from '../../../i18n/inboxes';
import { Icon } from '../../../ui/icons';
import { useConsole, useTextsOf } from '../../context';
import { Check, SelectInput, TextInput } from '../../forms/inputs';
import { Part } from '../section';
import { type DayName, DAYS, type Hours, type Span, type SpecialDay } from '../shapes';
import { changeSettings, type InboxForm } from './form';
import {
  bars,
  nextSpan,
  spanOf,
  SPANS_MAX,
  spansProblem,
  specialProblems,
  spreadMonday,
  timesOf,
  timeZones,
  workingWeek,
} from './hours';

export function HoursTab({ form }: { form: InboxForm }) {
  const { t } = useTextsOf(texts);
  const { hours } = form.value.value.settings;
  const change = (next: Hours | undefined) => changeSettings(form, { hours: next });
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <>
      <Part title={t('partHours')} lead={t('partHoursLead')}>
        <Check
          label={t('hoursOn')}
          hint={t('hoursOnHint')}
          checked={hours !== undefined}
          onChange={(on) =>
            change(on ? (form.base.value.settings.hours ?? workingWeek(here)) : undefined)
          }
        />
        {hours && (
          <>
            <SelectInput
              label={t('timeZone')}
              hint={<LocalTime zone={hours.time_zone} />}
              value={hours.time_zone}
              error={form.errorAt('hours.time_zone')}
              options={timeZones(hours.time_zone).map((zone) => [zone, zone] as const)}
              onChange={(time_zone) => change({ ...hours, time_zone })}
            />
            <Week hours={hours} change={change} error={form.errorAt('hours')} />
          </>
        )}
      </Part>
      {hours && <SpecialDays hours={hours} change={change} />}
    </>
  );
}

/** What clocks show there, to be sure of the zone. */
function LocalTime({ zone }: { zone: string }) {
  const { t } = useTextsOf(texts);
  const locale = useConsole().i18n.locale.value;
  let time = '–';
  try {
    time = new Intl.DateTimeFormat(locale, {
      timeZone: zone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    }).format(new Date());
  } catch {
    // The browser does not know every zone that the server knows.
  }
  return <>{t('timeThere', { time })}</>;
}

interface WeekProps {
  hours: Hours;
  change(hours: Hours): void;
  error: string | null;
}

function Week({ hours, change, error }: WeekProps) {
  const { t } = useTextsOf(texts);
  const set = (day: DayName, spans: Span[]) =>
    change({ ...hours, week: { ...hours.week, [day]: spans } });
  return (
    <div class="hours-week" role="group" aria-label={t('week')}>
      {DAYS.map((day) => (
        <div key={day} class="hours-day">
          <h4>{t(day)}</h4>
          <Spans label={t(day)} spans={hours.week[day]} set={(spans) => set(day, spans)} />
          <div class="hours-bar" aria-hidden="true">
            {bars(hours.week[day]).map(({ start, length }) => (
              <i
                key={start}
                style={{ insetInlineStart: `${start * 100}%`, width: `${length * 100}%` }}
              />
            ))}
          </div>
        </div>
      ))}
      <div class="hours-actions">
        <button type="button" class="button is-small" onClick={() => change(spreadMonday(hours))}>
          <Icon name="copy" size={16} />
          {t('spreadMonday')}
        </button>
        {error !== null && (
          <p class="form-error" role="alert">
            <Icon name="alert" size={16} />
            {error}
          </p>
        )}
      </div>
    </div>
  );
}

interface SpansProps {
  /** Whose hours, for those who do not see it. */
  label: string;
  spans: readonly Span[];
  set(spans: Span[]): void;
}

function Spans({ label, spans, set }: SpansProps) {
  const { t } = useTextsOf(texts);
  const problem = spansProblem(spans);
  const replace = (index: number, span: Span) =>
    set(spans.map((each, at) => (at === index ? span : each)));
  return (
    <div class="hours-spans">
      {spans.length === 0 && <span class="hours-closed">{t('closed')}</span>}
      {spans.map((span, index) => {
        const times = timesOf(span);
        const wrong = problem !== null && problem !== 'tooMany';
        return (
          <div key={index} class="hours-span">
            {(['from', 'to'] as const).map((end) => (
              <input
                key={end}
                class="input is-time"
                type="time"
                aria-label={t(end === 'from' ? 'spanFrom' : 'spanTo', { day: label })}
                aria-invalid={wrong}
                value={times[end]}
                onInput={(event) =>
                  replace(index, spanOf({ ...times, [end]: event.currentTarget.value }))
                }
              />
            ))}
            {times.to < times.from && times.to !== '00:00' && times.to !== '' && (
              <span class="hint">{t('nextDay')}</span>
            )}
            <button
              type="button"
              class="icon-button is-small"
              aria-label={t('spanRemove', { day: label, span })}
              title={t('remove')}
              onClick={() => set(spans.filter((_, at) => at !== index))}
            >
              <Icon name="close" size={16} />
            </button>
          </div>
        );
      })}
      {spans.length < SPANS_MAX && (
        <button
          type="button"
          class="icon-button is-small"
          aria-label={t('spanAdd', { day: label })}
          title={t('add')}
          onClick={() => set([...spans, nextSpan(spans)])}
        >
          <Icon name="plus" size={16} />
        </button>
      )}
      {problem !== null && (
        <p class="form-error" role="alert">
          <Icon name="alert" size={16} />
          {t(`span_${problem}`)}
        </p>
      )}
    </div>
  );
}

function SpecialDays({ hours, change }: { hours: Hours; change(hours: Hours): void }) {
  const { t } = useTextsOf(texts);
  const days = hours.special_days;
  const problems = specialProblems(days);
  const set = (special_days: SpecialDay[]) => change({ ...hours, special_days });
  const replace = (index: number, day: SpecialDay) =>
    set(days.map((each, at) => (at === index ? day : each)));
  return (
    <Part title={t('partSpecial')} lead={t('partSpecialLead')}>
      <ul class="form-cards">
        {days.map((day, index) => {
          const problem = problems[index];
          const isOwn = problem === 'date' || problem === 'range' || problem === 'twice';
          return (
            <li key={index} class="form-card">
              <div class="hours-special">
                <TextInput
                  label={t('specialName')}
                  placeholder={t('specialNameExample')}
                  value={day.name}
                  max={100}
                  onInput={(name) => replace(index, { ...day, name })}
                />
                <TextInput
                  label={t('specialDate')}
                  type="date"
                  value={day.date}
                  error={isOwn ? t(`special_${problem}`) : null}
                  onInput={(date) => replace(index, { ...day, date })}
                />
                <TextInput
                  label={t('specialUntil')}
                  type="date"
                  value={day.until ?? ''}
                  onInput={(until) => {
                    const { until: _, ...one } = day;
                    replace(index, until === '' ? one : { ...one, until });
                  }}
                />
                <button
                  type="button"
                  class="icon-button"
                  aria-label={t('specialRemove', { name: day.name || day.date })}
                  title={t('remove')}
                  onClick={() => set(days.filter((_, at) => at !== index))}
                >
                  <Icon name="trash" />
                </button>
              </div>
              <Spans
                label={day.name || day.date}
                spans={day.open}
                set={(open) => replace(index, { ...day, open })}
              />
            </li>
          );
        })}
      </ul>
      <button
        type="button"
        class="button"
        onClick={() => set([...days, { date: '', name: '', open: [] }])}
      >
        <Icon name="plus" size={16} />
        {t('specialAdd')}
      </button>
    </Part>
  );
}
