/**
 * Reads as much of an ELF header as it takes to know which machine a program is for.
 */

/** Bytes of the header that {@link elfMachine} looks at. */
export const ELF_HEAD_LENGTH = 20;

/** The machine a program is for in Node's spelling, or words that say what it is instead. */
export function elfMachine(head: Uint8Array): string {
  const isElf = head.length === ELF_HEAD_LENGTH && head[0] === 0x7f && head[1] === 0x45 && head[2] === 0x4c && head[3] === 0x46;
  if (!isElf) return "no ELF file";
  const machine = (head[18] ?? 0) + 256 * (head[19] ?? 0);
  // 64 bits, of which both are.
  if (head[4] === 2 && machine === 62) return "x64";
  if (head[4] === 2 && machine === 183) return "arm64";
  return `ELF machine ${machine}`;
}
