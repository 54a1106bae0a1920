/** Where a command finds its surroundings; tests bring their own. */
export interface ReportSurroundings {
  root: string;
  env: NodeJS.ProcessEnv;
  print(line: string): void;
  complain(line: string): void;
  /** Compiled client of the page, when it is not the one under `dist/`. */
  clientEntryPath?: string;
  /** Ends what goes on until it is told to stop; otherwise SIGINT, SIGTERM and SIGHUP do. */
  stop?: AbortSignal;
}
