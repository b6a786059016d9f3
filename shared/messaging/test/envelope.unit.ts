import test from 'ava';
import { serviceEnvelope } from '../src/envelope.ts';

test('what a service does of its own accord starts a correlation of its own', (t) => {
  const envelope = serviceEnvelope('scheduler', { sessionId: 's-1' });
  t.like(envelope, {
    correlationId: envelope.id,
    causationId: null,
    tenant: 'system',
    principal: 'service:scheduler',
    sessionId: 's-1',
  });
  t.not(envelope.id, serviceEnvelope('scheduler').id);
});

test('what follows from a message carries its correlation and its tenant, and names it as the cause', (t) => {
  const first = serviceEnvelope('http-gateway', { tenant: 'acme', id: 'first', sessionId: 's-1' });
  const second = serviceEnvelope('scheduler', { causedBy: first, id: 'second' });
  t.deepEqual(second, {
    id: 'second',
    correlationId: 'first',
    causationId: 'first',
    tenant: 'acme',
    principal: 'service:scheduler',
    sessionId: null,
  });
  t.is(serviceEnvelope('metrics', { causedBy: second }).correlationId, 'first');
});

test('a tenant that is given wins over the one of the cause', (t) => {
  const cause = serviceEnvelope('http-gateway', { tenant: 'acme' });
  t.is(serviceEnvelope('scheduler', { causedBy: cause, tenant: 'other' }).tenant, 'other');
});
