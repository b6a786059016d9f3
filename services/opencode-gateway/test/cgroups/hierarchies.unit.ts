import test from 'ava';
import { hierarchiesIn } from '../../src/cgroups/hierarchies.ts';

const UNIFIED = '30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate';
const MEMORY = '40 32 0:33 / /sys/fs/cgroup/memory rw,relatime shared:15 - cgroup cgroup rw,memory';
const CPU = '41 32 0:34 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:16 - cgroup cgroup rw,cpu,cpuacct';

test('in version 2 one tree has all controllers', (t) => {
  const { unified, legacy } = hierarchiesIn(UNIFIED, '0::/system.slice/oio.service\n');
  t.deepEqual(unified, { version: 2, mount: '/sys/fs/cgroup', own: '/sys/fs/cgroup/system.slice/oio.service' });
  t.deepEqual(legacy, {});
});

test('in version 1 each controller has a tree and a path of its own', (t) => {
  const { unified, legacy } = hierarchiesIn([MEMORY, CPU].join('\n'), '4:memory:/a\n3:cpu,cpuacct:/b:c\n');
  t.is(unified, null);
  t.is(legacy.memory?.own, '/sys/fs/cgroup/memory/a');
  t.is(legacy.cpu?.own, '/sys/fs/cgroup/cpu,cpuacct/b:c');
  t.is(legacy.cpuacct?.own, '/sys/fs/cgroup/cpu,cpuacct/b:c');
});

test('a container that sees a part of the tree finds itself in it', (t) => {
  const part = MEMORY.replace(' / /sys', ' /docker/abc /sys');
  t.is(hierarchiesIn(part, '4:memory:/docker/abc/inner').legacy.memory?.own, '/sys/fs/cgroup/memory/inner');
  t.is(hierarchiesIn(part, '4:memory:/').legacy.memory?.own, '/sys/fs/cgroup/memory', 'its namespace hides the rest');
});

test('without any mounted tree there is none', (t) => {
  t.deepEqual(hierarchiesIn('22 1 0:5 / /proc rw - proc proc rw', '0::/'), { unified: null, legacy: {} });
});
