import { useMemo } from 'preact/hooks';
import { ApiError } from '../../protocol/agent-api';
import { useSlow } from '../../ui/hooks';
import { Icon } from '../../ui/icons';
import { number } from '../../ui/numbers';
import { clock } from '../../ui/time';
import { useConsole, useDesk } from '../context';
import '../insight.css';
import { causeOf } from '../loaded';
import { ChartSection } from './chart-section';
import type { Choice } from './choice';
import { choose, currentChoice } from './choices';
import { Controls } from './controls';
import { NowStrip } from './now-strip';
import { length, type Span } from './range';
import './reports.css';
import { rowsOf } from './rows';
import { ReportTable } from './table';
import { useReportsTexts } from './texts';
import { Tiles } from './tiles';
import { Toolbar } from './toolbar';
import { type Reported, type UsedReport, useReport } from './use-report';
import { dayText } from './write';

export default function ReportsPage() {
  const { api } = useDesk();
  const { t } = useReportsTexts();
  const choice = currentChoice();
  const used = useReport(api, choice);
  return (
    <div class="reports">
      <header class="page-head">
        <h1>{t('title')}</h1>
        <Toolbar choice={choice} span={used.span} disabled={used.fault !== null} />
      </header>
      <NowStrip />
      <Controls choice={choice} span={used.span} fault={used.fault} />
      <Body used={used} choice={choice} />
    </div>
  );
}

function Body({ used, choice }: { used: UsedReport; choice: Choice }) {
  const { t } = useReportsTexts();
  const { load, shown, fault } = used;
  const { status } = load.state;
  const waiting = status === 'loading' && fault === null;
  const slow = useSlow(waiting, 150);
  if (fault !== null) {
    return (
      <div class="pane-state">
        <Icon name="clock" size={28} />
        <p>{t(`fault_${fault}`)}</p>
      </div>
    );
  }
  if (status === 'denied') {
    return (
      <div class="pane-state" role="alert">
        <Icon name="lock" size={28} />
        <p>{t('denied')}</p>
      </div>
    );
  }
  if (load.state.status === 'error') return <Failed error={load.state.error} retry={load.retry} />;
  if (shown === null) return <Skeleton shown={slow} />;
  return (
    <div class={`report-body ${slow ? 'is-waiting' : ''}`} aria-busy={waiting}>
      <ReportBody reported={shown} choice={choice} />
    </div>
  );
}

function Failed({ error, retry }: { error: unknown; retry(): void }) {
  const { i18n } = useConsole();
  const { t } = useReportsTexts();
  const busy = error instanceof ApiError && error.status === 429;
  const gone = error instanceof ApiError && error.status === 400;
  return (
    <div class="pane-state" role="alert">
      <Icon name="alert" size={28} />
      <p>{busy ? t('othersFirst') : causeOf(error, i18n)}</p>
      <div class="report-retry">
        <button type="button" class="button" onClick={retry}>
          {i18n.t('retry')}
        </button>
        {gone && (
          <button
            type="button"
            class="button"
            onClick={() => choose({ agent: '', team: '', inbox: '', tag: '' })}
          >
            {t('clearFilters')}
          </button>
        )}
      </div>
    </div>
  );
}

function Skeleton({ shown }: { shown: boolean }) {
  const { t } = useConsole().i18n;
  return (
    <div class="report-skeleton" role="status" aria-label={t('loading')}>
      {shown && Array.from({ length: 8 }, (_, index) => <i key={index} />)}
    </div>
  );
}

function ReportBody({ reported, choice }: { reported: Reported; choice: Choice }) {
  const { t } = useReportsTexts();
  const { report, before, span, at } = reported;
  const rows = useMemo(() => rowsOf(report, at), [report, at]);
  const empty = report.rows.length === 0;
  return (
    <>
      <RangeLine reported={reported} span={span} />
      {empty && (
        <p class="report-empty">
          <Icon name="info" size={18} />
          {t('empty')}
        </p>
      )}
      <Tiles figures={report.total} before={before?.report.total ?? null} />
      {!empty && (
        <>
          <ChartSection report={report} rows={rows} choice={choice} />
          <section class="report-card">
            <div class="report-card-head">
              <h2>{t('tableOf', { by: t(`by_${report.by}`) })}</h2>
              <button
                type="button"
                class="button"
                aria-expanded={choice.table}
                onClick={() => choose({ table: !choice.table })}
              >
                {t(choice.table ? 'hideTable' : 'showTable')}
              </button>
            </div>
            {choice.table && <ReportTable report={report} rows={rows} choice={choice} />}
          </section>
        </>
      )}
    </>
  );
}

function RangeLine({ reported, span }: { reported: Reported; span: Span }) {
  const { t, count, locale } = useReportsTexts();
  const language = locale.value;
  const days = ({ from, to }: Span) =>
    from === to
      ? dayText(from, language, true)
      : `${dayText(from, language, true)} – ${dayText(to, language, true)}`;
  return (
    <p class="report-range">
      <strong>{days(span)}</strong>
      <span>
        {count('days', length(span), { n: number(length(span), language) })} ·{' '}
        {reported.report.zone} · {t('madeAt', { time: clock(reported.at) })}
      </span>
      {reported.before && (
        <span>{t('comparedWith', { days: days(reported.before.span) })}</span>
      )}
    </p>
  );
}
