/** ZIP archives, and such as no program makes: tests write them byte by byte. */
import { crc32, deflateRawSync } from "node:zlib";

/** An entry, in UTF-8 unless `name` gives its bytes. */
export interface ZipEntry {
  path: string;
  content: Buffer | string;
  name?: Buffer;
  /** The size that the archive says it has. */
  claims?: number;
  /** Of Unix, such as that of a symbolic link. */
  mode?: number;
  /** The one that it says. */
  checksum?: number;
  /** Says that it is. */
  isEncrypted?: boolean;
  /** Its checksum and sizes stand behind it, as programs write that do not know them before. */
  isStreamed?: boolean;
  /** Sizes have 64 bits. */
  isZip64?: boolean;
  /** 8: deflated, 0: as it is; others are not written, but said. */
  method?: number;
}

const unknown32 = 0xffffffff;
const bits = { encrypted: 1, streamed: 8, utf8: 0x800 };

/** The bytes of an archive. */
export function zipOf(...entries: readonly ZipEntry[]): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const { body, listed } = written(entry, offset);
    bodies.push(body);
    directory.push(listed);
    offset += body.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write("PK\u0005\u0006", "latin1");
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(listed.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...bodies, listed, end]);
}

function written(entry: ZipEntry, offset: number): { body: Buffer; listed: Buffer } {
  const { path, content, name = Buffer.from(path), claims, mode = 0o100644, checksum, method = 8 } = entry;
  const bytes = Buffer.from(content);
  const packed = method === 0 ? bytes : deflateRawSync(bytes);
  const [check, size] = [checksum ?? crc32(bytes), claims ?? bytes.length];
  const facts = Buffer.alloc(26);
  facts.writeUInt16LE(entry.isZip64 ? 45 : 20, 0);
  facts.writeUInt16LE(bits.utf8 | (entry.isEncrypted ? bits.encrypted : 0) | (entry.isStreamed ? bits.streamed : 0), 2);
  facts.writeUInt16LE(method, 4);
  const ahead = Buffer.from(facts);
  for (const [of, isKnown] of [[facts, true] as const, [ahead, entry.isStreamed !== true] as const]) {
    of.writeUInt32LE(isKnown ? check : 0, 10);
    of.writeUInt32LE(entry.isZip64 ? unknown32 : isKnown ? packed.length : 0, 14);
    of.writeUInt32LE(entry.isZip64 ? unknown32 : isKnown ? size : 0, 18);
    of.writeUInt16LE(name.length, 22);
    of.writeUInt16LE(entry.isZip64 ? 20 : 0, 24);
  }
  const extra = entry.isZip64 ? wideSizes(size, packed.length) : Buffer.alloc(0);
  const rest = Buffer.alloc(14);
  rest.writeUInt32LE((mode << 16) >>> 0, 6);
  rest.writeUInt32LE(offset, 10);
  const behind = entry.isStreamed ? Buffer.concat([Buffer.from("PK\u0007\u0008", "latin1"), facts.subarray(10, 22)]) : Buffer.alloc(0);
  return {
    body: Buffer.concat([Buffer.from("PK\u0003\u0004"), ahead, name, extra, packed, behind]),
    listed: Buffer.concat([Buffer.from("PK\u0001\u0002"), Buffer.from([20, 3]), facts, rest, name, extra]),
  };
}

function wideSizes(size: number, packed: number): Buffer {
  const extra = Buffer.alloc(20);
  extra.writeUInt16LE(1, 0);
  extra.writeUInt16LE(16, 2);
  extra.writeBigUInt64LE(BigInt(size), 4);
  extra.writeBigUInt64LE(BigInt(packed), 12);
  return extra;
}
