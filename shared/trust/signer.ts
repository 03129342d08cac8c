import type { KeyObject } from "node:crypto";
import type { InternalKeys } from "./internal-keys.ts";
import { newId } from "#shared/ids.ts";
import { signToken, upgradeText, type TokenContent } from "./token.ts";

/** One way to sign an operation. */
export interface SigningAttempt {
  token: string;
  /** By which it is signed. */
  key: KeyObject;
  /** Its part took it: what comes next is signed the same way. */
  accepted(): void;
}

/** Signs what one process asks of one part. */
export class Signer {
  readonly #audience: string;
  readonly #keys: InternalKeys;
  #preferred: KeyObject | undefined;

  constructor(audience: string, keys: InternalKeys) {
    this.#audience = audience;
    this.#keys = keys;
  }

  /** Signs with each key in turn, for a part that does not know the first one, not yet or no more: TOKEN_FORGED asks for the next. */
  *attempts(content: Omit<TokenContent, "audience">): Generator<SigningAttempt, undefined> {
    const tried = new Set<KeyObject>();
    do {
      for (const key of this.#inTurn()) {
        if (tried.has(key)) continue;
        tried.add(key);
        const token = signToken({ audience: this.#audience, ...content }, key);
        yield { token, key, accepted: () => void (this.#preferred = key) };
      }
    } while (this.#keys.renew());
    return undefined;
  }

  /** Signs that a WebSocket is opened, with the key of its operations: to a part that does not know it, the socket is a stranger's as long as it is open. */
  upgrade(key: KeyObject): string {
    const info = { tenantId: "", requestId: newId() };
    return signToken({ audience: this.#audience, info, text: upgradeText }, key);
  }

  #inTurn(): KeyObject[] {
    const { all } = this.#keys;
    const first = all.find((key) => key === this.#preferred);
    return first === undefined ? [...all] : [first, ...all.filter((key) => key !== first)];
  }
}
