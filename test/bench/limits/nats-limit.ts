import type { NatsServer } from '@oio/backing-servers';
import { connect, type NatsConnection } from 'nats';
import { type Rate, type RateOptions, rateOf } from './rate.ts';

const IN_FLIGHT = 64;
/** What one may ask and the other may answer by infra/nats/nats.conf. */
const SUBJECT = 'session.pause';
const PAYLOAD = new TextEncoder().encode(JSON.stringify({ text: 'x'.repeat(1_000) }));

/** Requests of 1 KB that are answered with the same, per second, 64 in flight, by the plain client on both sides. */
export async function measureNats(nats: NatsServer, options: Omit<RateOptions, 'lanes'>): Promise<Rate> {
  const open = (user: string): Promise<NatsConnection> => {
    const { host, username, password } = new URL(nats.urlOf(user));
    return connect({ servers: host, user: username, pass: password, inboxPrefix: `_INBOX.${user}` });
  };
  const answering = await open('session-actor');
  const asking = await open('http-gateway');
  answering.subscribe(SUBJECT, { queue: 'oio', callback: (_, message) => void message.respond(message.data) });
  await answering.flush();
  const ask = () => asking.request(SUBJECT, PAYLOAD);
  const rate = await rateOf(ask, { ...options, lanes: IN_FLIGHT });
  await Promise.all([answering.close(), asking.close()]);
  return rate;
}
