import { EXIT_CODE, StartupError } from '@oio/errors';

/** Another living process looks after the server. */
export class ServerKeptError extends StartupError {
  readonly serverId: string;

  constructor(serverId: string, keeperPid: number, root: string) {
    super(`Another orchestrator (process ${keeperPid}) uses the OpenCode server in ${root}.`, EXIT_CODE.unavailable);
    this.serverId = serverId;
  }
}
