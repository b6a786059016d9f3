import test from 'ava';
import { filterFor } from '../../src/nats/filter-for.ts';

const macro = test.macro({
  exec: (t, subjects: string[], filter: string) => t.is(filterFor(subjects), filter),
  title: (_, subjects: string[], filter: string) => `${subjects.join(' and ')} are covered by ${filter}`,
});

test(macro, ['events.session.created'], 'events.session.created');
test(macro, ['events.session.created', 'events.session.queued'], 'events.session.>');
test(macro, ['events.session.created', 'events.other'], 'events.>');
test(macro, ['events.session', 'events.session.created'], 'events.>');
test(macro, ['events.a.b.c', 'events.a.x.c'], 'events.a.>');
