/** What WebAssembly memory is a multiple of, bytes. */
const WASM_PAGE_BYTES = 65_536;
/** What is known of buffers that had to be asked. */
const known = new WeakMap<ArrayBuffer, boolean>();
let ordinaryAnswer: string | undefined;

/**
 * Whether memory stays where it is for as long as its program leaves it alone: an ArrayBuffer of one fixed size. Not
 * shared memory, which other threads write to, and not what may be resized or grown, which moves.
 */
export function isPlainMemory(buffer: ArrayBufferLike): buffer is ArrayBuffer {
  if (
    !(buffer instanceof ArrayBuffer) ||
    (buffer as ArrayBuffer & { resizable?: boolean }).resizable === true
  ) {
    return false;
  }
  if (buffer.byteLength % WASM_PAGE_BYTES !== 0) return true;
  let isPlain = known.get(buffer);
  if (isPlain === undefined) {
    ordinaryAnswer ??= answerOf(new ArrayBuffer(1));
    isPlain = answerOf(buffer) === ordinaryAnswer;
    known.set(buffer, isPlain);
  }
  return isPlain;
}

/**
 * WebAssembly memory looks like any ArrayBuffer but cannot be transferred, and there is no way to ask for that. So it is
 * asked for twice in one call, which fails for every buffer, before anything is transferred: an ordinary one is named as
 * a duplicate, another kind is refused by itself, or passed over.
 */
function answerOf(buffer: ArrayBuffer): string {
  try {
    structuredClone(0, { transfer: [buffer, buffer] });
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}
