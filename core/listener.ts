import { readFileSync } from 'node:fs';
import type { NativeReactor, Opened } from './native-addon.js';
import type { Listener } from './transport.js';

/** A listening socket of the native engine. */
export class NativeListener implements Listener {
  readonly url: string;
  readonly port: number;
  private readonly native: NativeReactor;
  private readonly id: number;
  private readonly onClosed: (listener: NativeListener) => void;
  private open = true;

  /** @internal */
  constructor(native: NativeReactor, opened: Opened, onClosed: (listener: NativeListener) => void) {
    this.native = native;
    this.id = opened.id;
    this.url = opened.url;
    this.port = opened.port;
    this.onClosed = onClosed;
  }

  async close(): Promise<void> {
    if (!this.open) return;
    this.open = false;
    this.native.closeListener(this.id);
    this.onClosed(this);
  }
}

/** The kernel's own bound; asking for more is the same as asking for it. */
export function listenBacklog(): number {
  try {
    return Number(readFileSync('/proc/sys/net/core/somaxconn', 'utf8')) || 511;
  } catch {
    return 511;
  }
}
