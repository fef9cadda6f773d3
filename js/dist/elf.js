/**
 * Reads as much of an ELF header as it takes to know which machine a program is for.
 */

/** Bytes of the header that {@link elfMachine} looks at. */
export const ELF_HEAD_LENGTH = 20;

/** The machine a program is for in Node's spelling, or words that say what it is instead. */
export function elfMachine(head) {
    const magic = [0x7f, 0x45, 0x4c, 0x46];
    if (head.length < ELF_HEAD_LENGTH || magic.some((byte, at) => head[at] !== byte))
        return "no ELF file";
    const bits = head[4];
    const machine = (head[18] ?? 0) + 256 * (head[19] ?? 0);
    if (bits === 2 && machine === 62)
        return "x64";
    if (bits === 2 && machine === 183)
        return "arm64";
    return `ELF machine ${machine}`;
}
