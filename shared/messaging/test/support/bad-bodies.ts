import type { ParkingReason } from '../../src/parking.ts';

interface BadBody {
  readonly what: string;
  readonly body: Uint8Array | string;
  readonly reason: ParkingReason;
  readonly encoding?: 'base64';
}

/** What may come on any subject, with the reason that it is parked with. */
export const badBodies: readonly BadBody[] = [
  { what: 'nothing', body: '', reason: 'foreign' },
  { what: 'no JSON', body: 'hello', reason: 'foreign' },
  { what: 'JSON with a cut', body: '{"v":1,"payl', reason: 'foreign' },
  { what: 'no UTF-8', body: new Uint8Array([0x22, 0xff, 0xfe, 0x22]), reason: 'foreign', encoding: 'base64' },
  { what: 'a character that no database takes', body: '"\0"', reason: 'foreign', encoding: 'base64' },
  { what: 'JSON that is no object', body: '[1]', reason: 'foreign' },
  { what: 'null', body: 'null', reason: 'foreign' },
  { what: 'no version', body: '{"payload":{"number":1}}', reason: 'foreign' },
  { what: 'a version that is none', body: '{"v":"2","payload":{"number":1}}', reason: 'foreign' },
  { what: 'another form', body: '{"v":1,"data":{"number":1}}', reason: 'foreign' },
  {
    what: 'a field too many',
    body: '{"v":1,"id":"x","envelope":{},"payload":{"number":1},"extra":1}',
    reason: 'foreign',
  },
  { what: 'a later version', body: '{"v":2,"anything":[]}', reason: 'future_version' },
  { what: 'too much', body: `"${'x'.repeat(600_000)}"`, reason: 'oversized' },
  { what: 'absurd nesting', body: '['.repeat(100_000) + ']'.repeat(100_000), reason: 'foreign' },
];
