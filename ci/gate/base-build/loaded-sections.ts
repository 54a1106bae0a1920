/**
 * What of an addon is loaded: the sections of an ELF file that take memory in a process (System V ABI, chapter 4). The
 * others are symbols and debug information, which name the folder that a build was made in, and so differ between
 * builds of the same sources; so does the build ID, a hash over all of them.
 */
export interface LoadedSection {
  name: string;
  address: bigint;
  flags: bigint;
  bytes: bigint;
  /** Null for memory that begins as zeros. */
  content: Uint8Array | null;
}

const MAGIC = 0x7f454c46;
const CLASS_64 = 2;
const LITTLE_ENDIAN = 1;
const HEADER_BYTES = 64;
const SECTION_HEADER_BYTES = 64;
const TYPE_NO_BITS = 8;
const FLAG_ALLOCATED = 2n;
const BUILD_ID = '.note.gnu.build-id';

/** Null for what is no ELF file of 64 bits in this byte order, or is a damaged one. */
export function loadedSections(file: Uint8Array): LoadedSection[] | null {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length < HEADER_BYTES || view.getUint32(0) !== MAGIC) return null;
  if (view.getUint8(4) !== CLASS_64 || view.getUint8(5) !== LITTLE_ENDIAN) return null;
  const table = Number(view.getBigUint64(0x28, true));
  const count = view.getUint16(0x3c, true);
  const nameTable = view.getUint16(0x3e, true);
  if (view.getUint16(0x3a, true) !== SECTION_HEADER_BYTES || nameTable >= count) return null;
  if (table + count * SECTION_HEADER_BYTES > file.length) return null;
  const headerOf = (index: number) => {
    const at = table + index * SECTION_HEADER_BYTES;
    return {
      name: view.getUint32(at, true),
      type: view.getUint32(at + 4, true),
      flags: view.getBigUint64(at + 8, true),
      address: view.getBigUint64(at + 16, true),
      offset: Number(view.getBigUint64(at + 24, true)),
      bytes: view.getBigUint64(at + 32, true),
    };
  };
  const names = headerOf(nameTable);
  const sections: LoadedSection[] = [];
  for (let index = 0; index < count; index++) {
    const { name, type, flags, address, offset, bytes } = headerOf(index);
    if ((flags & FLAG_ALLOCATED) === 0n) continue;
    const text = textAt(file, names.offset + name);
    if (text === BUILD_ID) continue;
    const end = offset + Number(bytes);
    if (type !== TYPE_NO_BITS && end > file.length) return null;
    const content = type === TYPE_NO_BITS ? null : file.subarray(offset, end);
    sections.push({ name: text, address, flags, bytes, content });
  }
  return sections.length === 0 ? null : sections;
}

function textAt(file: Uint8Array, start: number): string {
  const end = file.indexOf(0, start);
  return Buffer.from(file.subarray(start, end === -1 ? start : end)).toString('latin1');
}
