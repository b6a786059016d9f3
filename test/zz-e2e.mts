import { mkdtemp, mkdir, writeFile, rm } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { join, dirname } from 'node:path';
import { createInProcessBus, serviceEnvelope } from '../shared/messaging/src/index.ts';
import { createInProcessOwnerDirectory, createSessionRouter } from '../shared/ownership/src/index.ts';
import { openDatabase } from '../shared/persistence/src/index.ts';
import { createLogger, createSetClock, newId } from '../shared/runtime/src/index.ts';
import { startScheduler, schedulerConfig } from '../services/scheduler/src/index.ts';
import { startSessionActor, sessionActorConfig } from '../services/session-actor/src/index.ts';
import { startOpencodeGateway, opencodeGatewayConfig } from '../services/opencode-gateway/src/index.ts';
import { startScriptedModel, openCodeProvider, demoScripts, demoSessions, demoRepository } from '../shared/scripted-model/src/index.ts';
import { sessionEvents, sessionOutput } from '../shared/contracts/src/index.ts';
const dir = await mkdtemp('/tmp/e2e/run-');
const repo = join(dir, 'repo');
for (const [p, text] of Object.entries(demoRepository as any)) { await mkdir(dirname(join(repo, p)), {recursive:true}); await writeFile(join(repo,p), text as string); }
const git = (...a: string[]) => execFileSync('git', ['-C', repo, '-c','user.name=x','-c','user.email=x@y', ...a]).toString();
git('init','-q','-b','main'); git('add','.'); git('commit','-qm','start');
const logger = createLogger('e2e', { level: 'info' });
const database = await openDatabase('postgres://oio@127.0.0.1:55432/oio');
await database.query('truncate sessions, session_events, workers, leaders');
const model = await startScriptedModel({ scripts: demoScripts, tokenDelayMs: 10 });
const prov: any = openCodeProvider(model);
console.log(JSON.stringify(prov).slice(0,300));
const bus = createInProcessBus({ onBug: (e, s) => console.log('BUG', s, e) });
const directory = createInProcessOwnerDirectory();
const router = createSessionRouter(bus, directory);
const clock = createSetClock();
const ports = { bus, directory, database, clock, logger, router };
await using stack = new AsyncDisposableStack();
stack.use(await startSessionActor(sessionActorConfig.parse({}), ports));
const t0 = performance.now();
stack.use(await startOpencodeGateway(opencodeGatewayConfig.parse({}), { serverDirectory: join(dir,'opencode'), worktreesDirectory: join(dir,'wt'), roots: [repo], model: prov.model ?? 'scripted/demo', providers: prov.provider ?? prov, authContent: null, environment: process.env }, ports));
console.log('gateway up', performance.now()-t0);
stack.use(await startScheduler(schedulerConfig.parse({}), ports));
let left = 5;
const done = new Promise<void>((res) => {
 bus.subscribe(Object.values(sessionEvents) as any, { handler: (e: any) => { console.log(((performance.now()-t0)/1000).toFixed(2), e.sessionId.slice(-6), e.seq, e.type, e.data.to ?? '', JSON.stringify(e.data.failure ?? e.data.step?.tools ?? e.data.result ?? e.data.proof ?? '').slice(0,200)); if (e.type==='session.completed' || (e.type==='session.failed' && !e.data.retryAt)) { if (--left===0) res(); } } });
});
for (const s of Object.values(demoSessions) as any[]) {
  const id = newId();
  const r = await router.send('create', { title: s.title, prompt: s.prompt, type: s.type, priority: s.priority ?? 'medium' } as any, { ...serviceEnvelope('x', {tenant:'default'}), principal: 'user:me', sessionId: id } as any);
  console.log(id.slice(-6), r.status, r.outcome);
}
await Promise.race([done, new Promise(r => setTimeout(r, 90000))]);
console.log(git('log','--all','--oneline','--graph'), git('status','--short'), git('worktree','list'));
await stack.disposeAsync();
await bus[Symbol.asyncDispose](); await model.stop(); await database[Symbol.asyncDispose]();
if(!process.env.KEEP) await rm(dir,{recursive:true,force:true}); else console.log(dir);
console.log('end');
