import type { Schedule, ScheduleDetail, ScheduleFire } from '@oio/contracts';
import Table from 'cli-table3';
import { printable } from './printable.ts';

const PLAIN = { head: [], border: [] };

export function schedulesTable(schedules: readonly Schedule[]): string {
  const table = new Table({ head: ['id', 'name', 'cron', 'zone', 'overlap', 'next'], style: PLAIN });
  for (const schedule of schedules) {
    const { id, name, cron, timeZone, overlap } = schedule;
    table.push([id, printable(name), printable(cron), printable(timeZone), overlap, nextOf(schedule)]);
  }
  return table.toString();
}

/** One schedule, line by line, with what comes and what was. */
export function scheduleLines(schedule: ScheduleDetail): string {
  const { id, name, cron, timeZone, overlap, catchUpLimit, createdBy, session, nextFires, fires } = schedule;
  const rows: readonly (readonly [string, string])[] = [
    ['id', id],
    ['name', name],
    ['cron', `${cron} (${timeZone})`],
    ['overlap', overlap],
    ['catch-up', String(catchUpLimit)],
    ['by', createdBy],
    ['session', session.title],
    ['next', nextOf(schedule)],
    ...nextFires.slice(1).map((at) => ['', at] as const),
  ];
  const lines = rows.map(([label, value]) => `${label.padEnd(10)} ${value}`);
  return printable([...lines, ...(fires.length > 0 ? ['', ...fires.map(fireLine)] : [])].join('\n'));
}

function nextOf({ paused, nextFireAt }: Schedule): string {
  return paused ? 'paused' : (nextFireAt ?? 'never');
}

function fireLine({ at, byHand, outcome, session, detail }: ScheduleFire): string {
  const what = session ? `${session.id} ${session.status}` : (detail ?? '').replaceAll('\n', ' ');
  return `${at}  ${outcome.padEnd(9)} ${byHand ? 'by hand  ' : ''}${what}`.trimEnd();
}
