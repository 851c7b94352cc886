import { useState } from 'preact/hooks';
import type { Report } from '../../protocol/types';
import { Icon } from '../../ui/icons';
import { number } from '../../ui/numbers';
import type { Choice } from './choice';
import { choose } from './choices';
import { FIGURE_NAMES, FIGURES, type FigureName } from './figures';
import { type Row, sorted } from './rows';
import { type ReportsTexts, useReportsTexts } from './texts';
import { dayText, hourText, write } from './write';

/** Many hours make many cells; more of them come on request. */
const ROWS_FIRST = 200;

interface ReportTableProps {
  report: Report;
  rows: readonly Row[];
  choice: Choice;
}

/** What the charts draw, and all the rest, as numbers. */
export function ReportTable({ report, rows, choice }: ReportTableProps) {
  const texts = useReportsTexts();
  const { t, locale } = texts;
  const cell = (name: FigureName, figures: Report['total']) =>
    write(FIGURES[name].value(figures), FIGURES[name].kind, locale.value);
  const [whole, setWhole] = useState(false);
  const all = sorted(rows, choice.sort, choice.ascending);
  const shown = whole ? all : all.slice(0, ROWS_FIRST);
  return (
    <>
      <div class="report-table" tabIndex={0} role="region" aria-label={t('table')}>
        <table>
          <caption class="visually-hidden">{t('tableOf', { by: t(`by_${report.by}`) })}</caption>
          <thead>
            <tr>
              <th scope="col">
                <SortButton name="" choice={choice} label={t(`by_${report.by}`)} />
              </th>
              {FIGURE_NAMES.map((name) => (
                <th key={name} scope="col" aria-sort={sortOf(name, choice)}>
                  <SortButton name={name} choice={choice} label={t(name)} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => (
              <tr key={row.key}>
                <th scope="row">{nameOf(row, report, texts)}</th>
                {FIGURE_NAMES.map((name) => (
                  <td key={name}>{cell(name, row.figures)}</td>
                ))}
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">{t('total')}</th>
              {FIGURE_NAMES.map((name) => (
                <td key={name}>{cell(name, report.total)}</td>
              ))}
            </tr>
          </tfoot>
        </table>
      </div>
      {shown.length < all.length && (
        <button type="button" class="button report-all" onClick={() => setWhole(true)}>
          {t('allRows', { n: number(all.length, locale.value) })}
        </button>
      )}
    </>
  );
}

function sortOf(name: FigureName, { sort, ascending }: Choice) {
  if (sort !== name) return undefined;
  return ascending ? 'ascending' : 'descending';
}

interface SortButtonProps {
  name: FigureName | '';
  choice: Choice;
  label: string;
}

function SortButton({ name, choice, label }: SortButtonProps) {
  const chosen = choice.sort === name;
  return (
    <button
      type="button"
      class="sort-button"
      aria-pressed={name === '' ? chosen : undefined}
      onClick={() => choose({ sort: name, ascending: chosen && !choice.ascending })}
    >
      {label}
      <span class={`sort-mark ${chosen && choice.ascending ? 'is-up' : ''}`}>
        {chosen && name !== '' && <Icon name="chevron" size={14} />}
      </span>
    </button>
  );
}

/** What a row is called: its day or hour in full, its name, or that it has none. */
export function nameOf(row: Row, report: Report, { t, locale }: ReportsTexts): string {
  switch (report.by) {
    case 'day':
      return dayText(row.name ?? row.key, locale.value, true);
    case 'hour':
      return hourText(row.begins_at ?? '', report.zone, locale.value, true);
    default:
      return row.name ?? t(`none_${report.by}`);
  }
}
