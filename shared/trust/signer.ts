import type { KeyObject } from "node:crypto";
import type { InternalKeys } from "./internal-keys.ts";
import { newId } from "#shared/ids.ts";
import { signToken, upgradeText, type TokenContent } from "./token.ts";

/** One way to sign an operation. */
export interface SigningAttempt {
  token: string;
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
        yield { token, accepted: () => void (this.#preferred = key) };
      }
    } while (this.#keys.renew());
    return undefined;
  }

  /** Signs that a WebSocket is opened. Where its part does not know the key, not yet or no more, it is one of whom nobody has vouched for, until its first operation. */
  upgrade(): string {
    const info = { tenantId: "", requestId: newId() };
    return signToken({ audience: this.#audience, info, text: upgradeText }, this.#inTurn()[0]!);
  }

  #inTurn(): KeyObject[] {
    const { all } = this.#keys;
    const first = all.find((key) => key === this.#preferred);
    return first === undefined ? [...all] : [first, ...all.filter((key) => key !== first)];
  }
}
