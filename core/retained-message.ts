import { TransportError } from './errors.js';
import {
  DESCRIPTOR_PAYLOAD_LENGTH,
  DESCRIPTOR_PAYLOAD_OFFSET,
  DESCRIPTOR_SLICE_WORD,
} from './layout.generated.js';
import type { NativeReactor } from './native-addon.js';
import type { Reactor } from './reactor.js';

/** A message smaller than this share of its buffer is copied: pinning would keep far more memory than it needs. */
const PIN_SHARE = 8;

interface Pin {
  native: NativeReactor;
  handle: number;
}

let collectedUnreleased = 0;
const registry = new FinalizationRegistry<Pin>((pin) => {
  collectedUnreleased += 1;
  pin.native.release(pin.handle);
});

/** How many retained messages were collected without having been released, in this thread. */
export function retainedCollectedUnreleased(): number {
  return collectedUnreleased;
}

/**
 * A payload kept beyond its turn. Until {@link release}, its memory is not read into; afterwards its view is empty.
 * One that is forgotten is released when it is collected, and counted.
 */
export class RetainedMessage implements Disposable {
  private view: Uint8Array;
  private pin: Pin | undefined;

  private constructor(view: Uint8Array, pin: Pin | undefined) {
    this.view = view;
    this.pin = pin;
    if (pin !== undefined) registry.register(this, pin, this);
  }

  /** @internal The message whose descriptor begins at word `at`. */
  static of(reactor: Reactor, at: number): RetainedMessage {
    const { words, native, views } = reactor;
    const slice = words[at + DESCRIPTOR_SLICE_WORD];
    const offset = words[at + DESCRIPTOR_PAYLOAD_OFFSET];
    const length = words[at + DESCRIPTOR_PAYLOAD_LENGTH];
    const start = views.startOf(slice);
    if (length * PIN_SHARE >= native.sliceBytes(slice)) {
      // -1: its reactor has too few read buffers left to give one away, or it lies in a segment of its sender's ring; the
      // copy below is as good, only slower.
      const handle = native.retain(slice, offset - start, length);
      if (handle >= 0) {
        return new RetainedMessage(new Uint8Array(native.retainedBuffer(handle)), { native, handle });
      }
    }
    return new RetainedMessage(views.innerBytes(slice, offset, length).slice(), undefined);
  }

  /** Whether the received memory itself is held, rather than a copy. */
  get pinned(): boolean {
    return this.pin !== undefined;
  }

  /** The payload. @throws TransportError `ERR_MSGTRANS_STALE_MESSAGE` after {@link release} */
  get payload(): Uint8Array {
    if (this.released) {
      throw new TransportError(
        'ERR_MSGTRANS_STALE_MESSAGE',
        'this message was released; its payload is gone',
      );
    }
    return this.view;
  }

  private released = false;

  /** Gives the memory back. Releasing twice is harmless. */
  release(): void {
    if (this.released) return;
    this.released = true;
    this.view = new Uint8Array(0);
    if (this.pin === undefined) return;
    registry.unregister(this);
    this.pin.native.release(this.pin.handle);
    this.pin = undefined;
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
