/** Of sessions in one message at most: they are checked, decided and committed side by side. */
const MOST = 100;
/** And so much JSON: with three bytes for each character less than a message of the bus may hold. */
const MOST_CHARACTERS = 150_000;

/** Cuts a long list into messages that a worker takes at once; an item that is larger by itself goes alone. */
export function inPortions<Item>(items: readonly Item[]): Item[][] {
  const portions: Item[][] = [];
  let room = 0;
  for (const item of items) {
    const size = JSON.stringify(item).length;
    const last = portions.at(-1);
    if (last && last.length < MOST && size <= room) last.push(item);
    else portions.push([item]);
    room = (portions.at(-1) === last ? room : MOST_CHARACTERS) - size;
  }
  return portions;
}
