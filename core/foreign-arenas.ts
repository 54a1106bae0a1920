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
 * them on a thread of their own. It is learned of with the first message that lies in it. And what messages are read
 * through, whichever reactor they lie with.
 */
export class ForeignArenas {
  /** @internal Of each reactor that is known, and of the own one. */
  readonly views: (DataView | undefined)[] = [];
  private readonly arenas: (ForeignArena | undefined)[] = [];
  private readonly native: NativeReactor;

  /** @param own what the memory of this reactor is read through */
  constructor(native: NativeReactor, own: DataView) {
    this.native = native;
    this.note(native.number, own);
  }

  /** The arena that a slice word of this delivery speaks of. */
  of(sliceWord: number): ForeignArena {
    const number = sliceWord >>> SLICE_ARENA_SHIFT;
    return this.arenas[number] ?? this.learn(number);
  }

  /** A reactor has ended, and another has its number. */
  forget(number: number): void {
    if (number >= this.arenas.length) return;
    this.arenas[number] = undefined;
    if (number !== this.native.number) this.views[number] = undefined;
  }

  private learn(number: number): ForeignArena {
    const buffer = this.native.foreignArena(number);
    if (buffer === undefined) throw new Error(`reactor ${number} has handed over nothing`);
    while (this.arenas.length <= number) this.arenas.push(undefined);
    const arena = { bytes: new Uint8Array(buffer), view: new DataView(buffer) };
    this.arenas[number] = arena;
    // The own memory is read as before by messages of sessions whose both ends are here.
    if (number !== this.native.number) this.note(number, arena.view);
    return arena;
  }

  // Filled without holes, so that the array keeps its fast form.
  private note(number: number, view: DataView): void {
    while (this.views.length <= number) this.views.push(undefined);
    this.views[number] = view;
  }
}
