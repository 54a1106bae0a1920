import * as layout from './layout.generated.js';
import type { NativeReactor } from './native-addon.js';

// The compiler of JavaScript folds constants of the module itself into its code; imported ones it reads and checks anew.
const { SLICE_ARENA_SHIFT } = layout;

/** The arena of another reactor, which JavaScript reads and never shows. */
export interface ForeignArena {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/**
 * The memory in which other reactors hand messages over: those that sent them from another thread, and those that read
 * them on a thread of their own. It is learned of with the first message that lies in it.
 */
export class ForeignArenas {
  private readonly arenas: (ForeignArena | undefined)[] = [];
  private readonly native: NativeReactor;

  constructor(native: NativeReactor) {
    this.native = native;
  }

  /** The arena that a slice word of this delivery speaks of. */
  of(sliceWord: number): ForeignArena {
    const number = sliceWord >>> SLICE_ARENA_SHIFT;
    return this.arenas[number] ?? this.learn(number);
  }

  /** A reactor has ended, and another has its number. */
  forget(number: number): void {
    if (number < this.arenas.length) this.arenas[number] = undefined;
  }

  private learn(number: number): ForeignArena {
    const buffer = this.native.foreignArena(number);
    if (buffer === undefined) throw new Error(`reactor ${number} has handed over nothing`);
    while (this.arenas.length <= number) this.arenas.push(undefined);
    const arena = { bytes: new Uint8Array(buffer), view: new DataView(buffer) };
    this.arenas[number] = arena;
    return arena;
  }
}
