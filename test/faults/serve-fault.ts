import { MODEL_FAULTS, modelFaultScripts, openCodeProvider, startScriptedModel } from '@oio/scripted-model';
import { playOf } from '../stand-in/named-faults.ts';
import { startStandIn } from '../stand-in/start-stand-in.ts';

export interface ServeOptions {
  readonly fault: string;
  readonly port: number;
  readonly password: string | undefined;
  /** A model's fault too is played as an OpenCode server that has such a model. */
  readonly asStandIn: boolean;
}

/** Starts what has the fault, whatever it is asked. Returns what to tell whoever wants to use it. */
export async function serveFault({ fault, port, password, asStandIn }: ServeOptions): Promise<string> {
  const ofModel = MODEL_FAULTS.find((name) => name === fault);
  if (ofModel && !asStandIn) {
    const model = await startScriptedModel({ scripts: modelFaultScripts({ always: ofModel }), port });
    const provider = JSON.stringify(openCodeProvider(model));
    return `model endpoint listening on ${model.url}/v1, API key ${model.apiKey}\nOPENCODE_CONFIG_CONTENT='${provider}'\n`;
  }
  const play = playOf(fault);
  if (!play) throw new Error(`"${fault}" is something that is done to a real server: npm run -s faults -- run --real`);
  const standIn = await startStandIn({ port, always: play.work, ...(password && { password }) });
  standIn.setFaults(...(play.faults ?? []));
  return `opencode server listening on ${standIn.url}\nuser opencode, password ${standIn.password}\n`;
}
