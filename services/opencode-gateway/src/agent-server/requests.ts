export interface PermissionRequest {
  readonly requestId: string;
  readonly sessionId: string;
  readonly directory: string;
  readonly permission: string;
  readonly patterns: readonly string[];
  /** What it is asked for, as far as it says so: the command of a shell, the file and what would be changed in it. */
  readonly command: string | null;
  readonly file: string | null;
  readonly diff: string | null;
}

export interface QuestionRequest {
  readonly requestId: string;
  readonly sessionId: string;
  readonly directory: string;
  readonly questions: readonly AskedQuestion[];
}

export interface AskedQuestion {
  readonly header: string;
  readonly question: string;
  readonly options: readonly { readonly label: string; readonly description: string }[];
  /** Whether more than one option may be chosen. */
  readonly multiple: boolean;
}

export interface PermissionAnswer {
  readonly requestId: string;
  /** The session's own: OpenCode finds a request only there. */
  readonly directory: string;
  /** There is no `always`: it would hold for other sessions of the directory too. */
  readonly reply: 'once' | 'reject';
  /** With a message a rejected turn goes on and the model is told; without one the turn ends. */
  readonly message?: string;
}

export interface QuestionAnswer {
  readonly requestId: string;
  readonly directory: string;
  readonly answers: readonly (readonly string[])[];
}
