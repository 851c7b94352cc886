/** The first moment of a day of this browser's zone (`2026-11-28`); "" for none. */
export function startOf(day: string): string {
  return momentOf(day, 0);
}

/** The first moment after a day. */
export function endOf(day: string): string {
  return momentOf(day, 1);
}

function momentOf(day: string, daysLater: number): string {
  const [year, month, date] = day.split('-').map(Number);
  if (!year || !month || !date) return '';
  return new Date(year, month - 1, date + daysLater).toISOString();
}

/** The day of a moment as a field shows it, so many days later. */
export function dateOf(moment: string, daysLater = 0): string {
  const at = new Date(moment);
  if (Number.isNaN(at.getTime())) return '';
  at.setDate(at.getDate() + daysLater);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}
