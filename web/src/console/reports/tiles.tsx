import type { ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';
import type { Durations, Figures } from '../../protocol/types';
import { Icon } from '../../ui/icons';
import { duration, number, percent } from '../../ui/numbers';
import { deltaOf, FIGURES, type FigureName } from './figures';
import { type ReportsKey, useReportsTexts } from './texts';
import { write } from './write';

interface TilesProps {
  figures: Figures;
  before: Figures | null;
}

const COUNTS = [
  'opened',
  'handled',
  'missed',
  'abandoned',
  'resolved',
  'resolvedByClock',
  'transfers',
] as const satisfies readonly FigureName[];
const TIMES = [
  ['firstResponseP50', 'first_response', 'firstResponse'],
  ['queueWaitP50', 'queue_wait', 'queueWait'],
  ['responseP50', 'response', 'response'],
  ['handlingP50', 'handling', 'handling'],
] as const;
const SHARES = [
  ['waitingTarget', 'waiting_target'],
  ['firstResponseTarget', 'first_response_target'],
] as const;
const MESSAGES = ['messagesIn', 'messagesOut', 'messagesBot'] as const;

/** All figures of the whole range, each with what it means. */
export function Tiles({ figures, before }: TilesProps) {
  const { t, locale } = useReportsTexts();
  const { ratings } = figures;
  const language = locale.value;
  const of = (name: FigureName) => ({ name, figures, before });
  return (
    <div class="tile-groups">
      <h2 class="visually-hidden">{t('figures')}</h2>
      <TileGroup title={t('groupVolume')} size={7}>
        {COUNTS.map((name) => (
          <Tile key={name} {...of(name)} title={t(name)} explain={t(`${name}Is`)} />
        ))}
      </TileGroup>
      <TileGroup title={t('groupSpeed')} size={4}>
        {TIMES.map(([name, part, text]) => (
          <Tile
            key={name}
            {...of(name)}
            title={t(text)}
            explain={t(`${text}Is`)}
            unit="P50"
            rest={<TimeRest times={figures[part]} />}
          />
        ))}
      </TileGroup>
      <TileGroup title={t('groupTargets')} size={2}>
        {SHARES.map(([name, part]) => (
          <Tile
            key={name}
            {...of(name)}
            title={t(name)}
            explain={t(`${name}Is`)}
            rest={
              figures[part].of === 0
                ? t('targetNone')
                : t('targetOf', {
                    met: number(figures[part].met, language),
                    of: number(figures[part].of, language),
                  })
            }
          />
        ))}
      </TileGroup>
      <TileGroup title={t('groupRatings')} size={5}>
        <Tile
          {...of('ratingMean')}
          title={t('ratingMean')}
          explain={t('ratingMeanIs')}
          unit="/ 5"
        />
        <Tile {...of('satisfied')} title={t('satisfied')} explain={t('satisfiedIs')} />
        <Tile
          {...of('participation')}
          title={t('participation')}
          explain={t('participationIs')}
          rest={t('ratingsOf', {
            count: number(ratings.count, language),
            invited: number(ratings.invited, language),
          })}
        />
        <Distribution scores={ratings.scores} />
      </TileGroup>
      <TileGroup title={t('groupMessages')} size={3}>
        {MESSAGES.map((name) => (
          <Tile key={name} {...of(name)} title={t(name)} explain={t(`${name}Is`)} />
        ))}
      </TileGroup>
    </div>
  );
}

interface TileGroupProps {
  title: string;
  /** How many places of the row it takes. */
  size: 2 | 3 | 4 | 5 | 7;
  children: ComponentChildren;
}

function TileGroup({ title, size, children }: TileGroupProps) {
  const id = useId();
  return (
    <section class={`tile-group is-${size}`} aria-labelledby={id}>
      <h3 id={id}>{title}</h3>
      <ul class="tiles">{children}</ul>
    </section>
  );
}

interface TileProps extends TilesProps {
  name: FigureName;
  title: string;
  explain: string;
  unit?: string;
  rest?: ComponentChildren;
}

function Tile({ name, figures, before, title, explain, unit, rest }: TileProps) {
  const { locale } = useReportsTexts();
  const { kind, value } = FIGURES[name];
  return (
    <li class="tile">
      <Explained title={title} explain={explain} />
      <p class="tile-value">
        {write(value(figures), kind, locale.value)}
        {unit && <span class="tile-unit">{unit}</span>}
      </p>
      {rest && <p class="tile-rest">{rest}</p>}
      {before && <DeltaView name={name} now={value(figures)} before={value(before)} />}
    </li>
  );
}

function TimeRest({ times }: { times: Durations }) {
  const { t, locale } = useReportsTexts();
  const text = (seconds: number | null) => duration(seconds, locale.value);
  return (
    <>
      {t('timeRest', { p90: text(times.p90_s), mean: text(times.mean_s), max: text(times.max_s) })}
    </>
  );
}

/** A name, and behind a button what it means. */
function Explained({ title, explain }: { title: string; explain: string }) {
  const { t } = useReportsTexts();
  const [open, setOpen] = useState(false);
  const id = useId();
  return (
    <>
      <div class="tile-head">
        <span class="tile-name">{title}</span>
        <button
          type="button"
          class="icon-button tile-info"
          aria-label={t('whatIs', { name: title })}
          title={t('whatIs', { name: title })}
          aria-expanded={open}
          aria-controls={id}
          onClick={() => setOpen(!open)}
        >
          <Icon name="info" size={16} />
        </button>
      </div>
      <p class="tile-explain" id={id} hidden={!open}>
        {explain}
      </p>
    </>
  );
}

const ARROWS = { more: 'up', less: 'down', same: 'equal' } as const;
const WORDS = {
  more: 'deltaMore',
  less: 'deltaLess',
} as const satisfies Record<string, ReportsKey>;

interface DeltaProps {
  name: FigureName;
  now: number | null;
  before: number | null;
}

export function DeltaView({ name, now, before }: DeltaProps) {
  const { t, locale } = useReportsTexts();
  const figure = FIGURES[name];
  const written = (value: number | null) => write(value, figure.kind, locale.value);
  const was = written(before);
  // What reads the same is the same.
  const delta = deltaOf(figure, written(now) === was ? before : now, before);
  if (delta.kind === 'none') return <p class="delta">{t('deltaNone', { was })}</p>;
  const judged = delta.kind !== 'same' && delta.good !== null;
  const tone = judged ? (delta.good ? 'is-good' : 'is-bad') : '';
  const verdict = judged ? t(delta.good ? 'deltaGood' : 'deltaBad') : '';
  const text =
    delta.kind === 'same'
      ? t('deltaSame', { was })
      : t(WORDS[delta.kind], { by: percent(delta.by, locale.value), was });
  return (
    <p class={`delta ${tone}`}>
      <Icon name={ARROWS[delta.kind]} size={14} />
      <span>
        {text}
        {verdict && <span class="delta-verdict"> {verdict}</span>}
      </span>
    </p>
  );
}

function Distribution({ scores }: { scores: readonly number[] }) {
  const { t, count, locale } = useReportsTexts();
  const whole = scores.reduce((sum, each) => sum + each, 0);
  return (
    <li class="tile is-wide">
      <Explained title={t('distribution')} explain={t('distributionIs')} />
      <ol class="distribution" reversed>
        {[5, 4, 3, 2, 1].map((stars) => {
          const given = scores[stars - 1] ?? 0;
          const share = whole === 0 ? 0 : given / whole;
          return (
            <li key={stars}>
              <span class="distribution-name">{count('scoreName', stars)}</span>
              <span class="distribution-bar" aria-hidden="true">
                <i style={{ width: `${share * 100}%` }} />
              </span>
              <span class="distribution-count">
                {number(given, locale.value)}
                <span class="hint"> {percent(share, locale.value, 0)}</span>
              </span>
            </li>
          );
        })}
      </ol>
    </li>
  );
}
