/* What kept pages' main threads busy, by the processor time of each task. */

/** A task that is longer keeps whoever clicks or scrolls waiting. */
export const LONG_MS = 50;

/** The tasks of the pages' main threads while `work` runs, in milliseconds. */
export async function tasksOf(browser, page, work) {
  await browser.startTracing(page, { categories: ['toplevel'] });
  await work();
  return mainThreadTasks(JSON.parse((await browser.stopTracing()).toString()));
}

function mainThreadTasks({ traceEvents }) {
  const thread = ({ pid, tid }) => `${pid} ${tid}`;
  const main = new Set(
    traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain')
      .map(thread),
  );
  return traceEvents
    .filter((event) => event.name.endsWith('RunTask') && event.tdur && main.has(thread(event)))
    .map(({ tdur }) => tdur / 1000);
}

/** How many there are, and how long each lasted. */
export function summary(tasks) {
  return tasks.length === 0 ? 'none' : `${tasks.length} (${tasks.map(Math.round).join(' ')} ms)`;
}

/** The longest, in milliseconds. */
export function longest(tasks) {
  return Math.round(tasks.reduce((most, ms) => Math.max(most, ms), 0));
}
