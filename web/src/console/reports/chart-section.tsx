import { useMemo } from 'preact/hooks';
import type { Report } from '../../protocol/types';
import { Icon } from '../../ui/icons';
import { BarChart } from './charts/bar-chart';
import type { ChartData } from './charts/data';
import { TimeChart } from './charts/time-chart';
import type { Choice } from './choice';
import { choose } from './choices';
import { CHART_PLANS, CHARTS, type ChartPart } from './figures';
import { isByTime, type Row, sorted } from './rows';
import { nameOf } from './table';
import { type ReportsTexts, useReportsTexts } from './texts';
import { dayText, hourText, write } from './write';

/** More bars than this are for the table. */
const BARS_MAX = 25;

interface ChartSectionProps {
  report: Report;
  rows: readonly Row[];
  choice: Choice;
}

export function ChartSection({ report, rows, choice }: ChartSectionProps) {
  const texts = useReportsTexts();
  const { t, locale } = texts;
  const byTime = isByTime(report.by);
  const drawn = byTime ? rows : sorted(rows, choice.sort, choice.ascending).slice(0, BARS_MAX);
  const data = useMemo(
    () => chartData(report, drawn, choice.chart, texts),
    [report, rows, choice.chart, choice.sort, choice.ascending, locale.value],
  );
  const Chart = byTime ? TimeChart : BarChart;
  return (
    <section class="report-card" aria-label={t('charts')}>
      <div class="report-tabs" role="group" aria-label={t('chartOf')}>
        {CHARTS.map((each) => (
          <button
            key={each}
            type="button"
            class="chip"
            aria-pressed={choice.chart === each}
            onClick={() => choose({ chart: each })}
          >
            {t(`chart_${each}`)}
          </button>
        ))}
      </div>
      <Chart data={data} keysHint={t(byTime ? 'keysAcross' : 'keysDown')} />
      {drawn.length < rows.length && (
        <p class="hint">
          <Icon name="info" size={14} /> {t('chartCut', { n: BARS_MAX })}
        </p>
      )}
    </section>
  );
}

function chartData(
  report: Report,
  rows: readonly Row[],
  chart: Choice['chart'],
  texts: ReportsTexts,
): ChartData {
  const { t, locale } = texts;
  const language = locale.value;
  const { kind, stacked, parts } = CHART_PLANS[chart];
  const label = (row: Row) =>
    report.by === 'day'
      ? dayText(row.name ?? row.key, language)
      : report.by === 'hour'
        ? hourText(row.begins_at ?? '', report.zone, language)
        : nameOf(row, report, texts);
  const title = t('chartTitle', { what: t(`chart_${chart}`), by: t(`by_${report.by}`) });
  const names = parts.map((part) => partName(part, texts));
  return {
    title,
    description: t('chartDescription', { parts: names.join(', '), n: rows.length }),
    kind,
    stacked,
    places: rows.map((row) => ({
      key: row.key,
      label: label(row),
      title: nameOf(row, report, texts),
    })),
    series: parts.map((part, index) => ({
      name: names[index]!,
      values: rows.map((row) => part.value(row.figures)),
    })),
    write: (value) => write(value, kind, language),
  };
}

function partName({ name }: ChartPart, { t, count }: ReportsTexts): string {
  const stars = /^score(\d)$/.exec(name)?.[1];
  if (stars) return count('scoreName', Number(stars));
  return t(name as Exclude<typeof name, `score${number}`>);
}
