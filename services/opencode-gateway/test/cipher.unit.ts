import test from 'ava';
import { createCipher } from '../src/cipher.ts';

const [OLD, NEW] = ['the old key of more than thirty-two characters', 'the new key of more than thirty-two characters'];

test('what was sealed opens again, never looks the same, and shows nothing', (t) => {
  const cipher = createCipher([OLD]);
  const [one, two] = [cipher.seal('secret', 'server-1'), cipher.seal('secret', 'server-1')];
  t.is(cipher.open(one, 'server-1'), 'secret');
  t.not(one, two);
  t.notRegex(one, /secret/);
});

test('a new key in front seals, and the old one still opens what it sealed', (t) => {
  const sealed = createCipher([OLD]).seal('secret', 'server-1');
  const both = createCipher([NEW, OLD]);
  t.is(both.open(sealed, 'server-1'), 'secret');
  t.is(createCipher([NEW]).open(both.seal('secret', 'server-1'), 'server-1'), 'secret');
  t.throws(() => createCipher([NEW]).open(sealed, 'server-1'), { code: 'not_decryptable' });
});

test('what was changed, moved to another server or never sealed does not open', (t) => {
  const cipher = createCipher([OLD]);
  const sealed = cipher.seal('secret', 'server-1');
  const parts = sealed.split('.');
  const damaged = [...parts.slice(0, -1), Buffer.from('other').toString('base64url')].join('.');
  const shortened = [...parts.slice(0, 3), parts[3]?.slice(0, 8), parts[4]].join('.');
  for (const wrong of [damaged, shortened, 'secret', ''])
    t.throws(() => cipher.open(wrong, 'server-1'), { code: 'not_decryptable' });
  t.throws(() => cipher.open(sealed, 'server-2'), { code: 'not_decryptable' });
});
