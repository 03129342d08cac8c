import { readdirSync, readFileSync } from "node:fs";
import { signalProcess } from "#shared/signal-process.ts";
import { openSandbox } from "../../../subgraphs/runtime/sandbox/open-sandbox.ts";
import { ProcessWatch } from "../../../subgraphs/runtime/sandbox/process-watch.ts";
import { eventually } from "../../testkit/eventually.ts";
import { describeWithJail, resultOf, runPython } from "./jail.ts";

/** The process of the one program that runs now. */
function ownProgram(): { pid: number; residentBytes: number } | undefined {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const status = readFileSync(`/proc/${pid}/status`, "utf8");
      const isOwn = Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]) === process.pid;
      if (isOwn && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("jail.py"))
        return { pid: Number(pid), residentBytes: 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) };
    } catch {
      // It has ended meanwhile.
    }
  }
  return undefined;
}

describeWithJail("the Python sandbox", () => {
  it("gives payload to the program and takes result and printed text from it (S-59)", async () => {
    const outcome = await runPython(
      "total = sum(payload['numbers'])\nprint(f'total={total}')\nresult = {'total': total, 'count': len(payload['numbers'])}",
      {
        payload: { numbers: [1, 2, 3, 4] },
      },
    );
    expect(outcome).toMatchObject({ kind: "completed", result: { total: 10, count: 4 }, stdout: "total=10\n" });
  });

  it("gives null where the program sets no result", async () => {
    expect(await resultOf("x = 1")).toBeNull();
  });

  it("carries every kind of JSON there and back", async () => {
    const payload = { text: 'ü \u{1F600} \\ "', list: [1, -2.5, 1e300, true, null, []], nested: { "": { a: "\n" } } };
    expect(await resultOf("result = payload", payload)).toEqual(payload);
  });

  it("takes a tuple as a list, and exit(0) as an end", async () => {
    expect(await resultOf("result = (1, 2)\nexit_code = 0\nraise SystemExit(0)")).toEqual([1, 2]);
  });

  it("runs the standard library that data work needs", async () => {
    const code = `
import base64, bisect, bz2, calendar, collections, csv, dataclasses, datetime, decimal, difflib, email.message, enum, fractions, functools
import hashlib, heapq, html, io, itertools, json, logging, lzma, math, operator, pprint, random, re, secrets, statistics, string, struct
import textwrap, time, typing, unicodedata, urllib.parse, uuid, xml.etree.ElementTree, zlib, zoneinfo
time.sleep(0.001)
rows = list(csv.DictReader(io.StringIO("a,b\\n1,2\\n3,4")))
result = [statistics.mean(int(row["a"]) for row in rows), hashlib.sha256(b"x").hexdigest()[:8], str(decimal.Decimal("0.1") * 3), len(uuid.uuid4().hex)]`;
    expect(await resultOf(code)).toEqual([2, "2d711642", "0.3", 32]);
  });

  it("names error and line of a program that fails, and keeps what it printed", async () => {
    expect(await runPython("print('so far')\ndef f():\n  raise ValueError('too small')\nf()")).toMatchObject({
      kind: "failed",
      code: "CODE_ERROR",
      message: "ValueError: too small (line 3)",
      stdout: "so far\n",
    });
  });

  it.each([
    ["x = (", /^SyntaxError: .* \(line 1\)$/],
    ["payload['absent']", /^TypeError/],
    ["raise SystemExit(3)", /exited with 3/],
    ["import os; os._exit(0)", /without a result/],
    ["import ctypes; ctypes.string_at(0)", /SIGSEGV/],
    ["class E(Exception):\n  def __str__(self): raise self\nraise E()", /^E: \(its message cannot be shown\) \(line 3\)$/],
    ['import os; os.write(3, b\'{"kind": "forged"\')', /without a result/],
    ...[
      '{"kind": "unavailable", "message": "the host is to blame"}',
      '{"kind": "failed", "code": "SANDBOX_UNAVAILABLE", "message": "the host is to blame"}',
      '{"kind": "failed", "code": "SANDBOX_BUSY", "message": "the host is to blame"}',
      '{"kind": "failed", "code": "CODE_CANCELLED", "message": "the host is to blame"}',
      '{"kind": "locked-in"}\\n{"kind": "unavailable", "message": "the host is to blame"}',
    ].map((forged): [string, RegExp] => [`import os; os.write(3, b'${forged}\\n'); os._exit(1)`, /without a result/]),
  ])("reports %j as CODE_ERROR", async (code, message) => {
    expect(await runPython(code)).toMatchObject({ kind: "failed", code: "CODE_ERROR", message: expect.stringMatching(message) });
  });

  it.each([
    ["result = type('x' * 1000000, (), {})()", "CODE_RESULT_NOT_JSON"],
    [
      `import os; os.write(3, b'{"kind": "failed", "code": "CODE_ERROR", "message": "' + b'x' * 1000000 + b'"}\\n'); os._exit(0)`,
      "CODE_ERROR",
    ],
    [
      `import os; os.write(3, b'{"kind": "completed", "result": ' + b'[' * 99999 + b']' * 99999 + b'}\\n'); os._exit(0)`,
      "CODE_RESULT_NOT_JSON",
    ],
  ])("tells no more of %j than can be read, and survives it", async (code, reason) => {
    const failed = (await runPython(code)) as { code: string; message: string };
    expect(failed.code).toBe(reason);
    expect(failed.message.length).toBeLessThanOrEqual(4_000);
  });

  it.each([
    ["result = float('nan')", "result is nan"],
    ["result = {'a': [1, float('inf')]}", "result['a'][1] is inf"],
    ["result = {1: 2}", "result has the key 1; keys must be str"],
    ["result = {'at': {3}}", "result['at'] is of type set"],
    ["result = 2**53", "result is an integer beyond 2**53"],
    ["result = []\nresult.append(result)", "nested more than 200 deep"],
  ])("refuses the result of %j and says where it is not JSON", async (code, message) => {
    expect(await runPython(code)).toMatchObject({
      kind: "failed",
      code: "CODE_RESULT_NOT_JSON",
      message: expect.stringContaining(message),
    });
  });

  it.each([
    ["in Python", "while True: pass"],
    ["in C", "import re\nre.match('(a+)+$', 'a' * 40 + 'b')"],
    ["asleep", "import time\ntime.sleep(60)"],
  ])("kills a program at its time-out while it is %s, and leaves no process", async (_name, loop) => {
    // On a slow machine Python may not have begun by then: it is given more.
    for (const timeoutMs of [3_000, 12_000, 48_000]) {
      const outcome = await runPython(`import os\nprint(os.getpid(), flush=True)\n${loop}`, { timeoutMs });
      expect(outcome).toMatchObject({ kind: "failed", code: "CODE_TIMEOUT", message: `The program ran longer than ${timeoutMs} ms.` });
      if (outcome.stdout === "") continue;
      expect(() => process.kill(Number(outcome.stdout), 0)).toThrow("ESRCH");
      return;
    }
    throw new Error("the program never began");
  });

  it("reads what a program has said that ended in time, though this process stood still past its time-out", async () => {
    await runPython("result = 0");
    const children = () => readFileSync(`/proc/self/task/${process.pid}/children`, "utf8");
    const before = children();
    // On a slow machine Python may take longer than that: it is given more.
    for (const timeoutMs of [1_000, 4_000, 16_000]) {
      const outcome = runPython("result = 1", { timeoutMs });
      while (children() === before) await new Promise((resolve) => setImmediate(resolve));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, timeoutMs + 500);
      const { kind } = await outcome;
      if (kind === "completed") return;
    }
    throw new Error("no program was read in time");
  });

  it("caps a program's own time-out by AGENT_PLATFORM_MAX_TIMEOUT_SECONDS (S-99)", async () => {
    const capped = openSandbox({ pythonBin: "python3", maxTimeoutMs: 1_000 });
    expect(await runPython("while True: pass", { timeoutMs: 60_000 }, capped)).toMatchObject({ code: "CODE_TIMEOUT", message: /1000 ms/ });
  });

  it("ends a program when the signal fires", async () => {
    const stop = new AbortController();
    const running = runPython("while True: pass", { signal: stop.signal });
    setImmediate(() => stop.abort());
    expect(await running).toMatchObject({ kind: "failed", code: "CODE_CANCELLED" });
  });

  it.each(["x = 'a' * 10**10", "x = bytearray(1 << 30)", "x = []\nwhile True: x.append('a' * 10**6)"])(
    "bounds memory: %j",
    async (code) => {
      expect(await runPython(code)).toMatchObject({ kind: "failed", code: "CODE_MEMORY" });
    },
  );

  it("tells what somebody outside has killed, or stopped, from what a program used", async () => {
    const killed = runPython("import time\nx = bytearray(32 << 20)\ntime.sleep(60)", { timeoutMs: 60_000 });
    const program = await eventually(ownProgram, (found) => found !== undefined && found.residentBytes > 40 << 20);
    signalProcess(program!.pid, "SIGKILL");
    expect(await killed).toMatchObject({ kind: "failed", code: "SANDBOX_LOST", message: /killed from outside/ });

    const stopped = runPython("import time\ntime.sleep(60)", { timeoutMs: 1_000 });
    signalProcess((await eventually(ownProgram, (found) => found !== undefined))!.pid, "SIGSTOP");
    expect(await stopped).toMatchObject({ kind: "failed", code: "SANDBOX_LOST", message: /stopped from outside/ });

    // This process takes more than 64 MiB: a limit of twice that is reached, by whoever it is killed; one that is far is not.
    for (const [maxBytes, expected] of [[128 << 20, true] as const, [2 ** 50, false] as const]) {
      const watch = new ProcessWatch(process.pid);
      expect(watch.wasStopped).toBe(false);
      expect(watch.tookMemory(maxBytes)).toBe(expected);
    }
  });

  it("stops a program that prints without end, and keeps the beginning", async () => {
    const outcome = await runPython("while True: print('x' * 1000)");
    expect(outcome).toMatchObject({ kind: "failed", code: "CODE_OUTPUT_TOO_LARGE", message: /printed more than 1048576 bytes/ });
    expect(outcome.stdout.length).toBe(1 << 20);
  });

  it("bounds the result, also one that is written past the bootstrap", async () => {
    const small = openSandbox({ pythonBin: "python3", maxTimeoutMs: 100_000, limits: { resultBytes: 1_000 } });
    expect(await runPython("result = 'x' * 2000", {}, small)).toMatchObject({
      code: "CODE_OUTPUT_TOO_LARGE",
      message: /larger than 1000 bytes/,
    });
    expect(await runPython("import os\nwhile True: os.write(3, b'x' * 100)", {}, small)).toMatchObject({ code: "CODE_OUTPUT_TOO_LARGE" });
  });

  it("makes NUL in printed text visible, since no database stores it", async () => {
    expect(await runPython("print('a\\0b')")).toMatchObject({ kind: "completed", stdout: "a\ufffdb\n" });
  });

  it("runs only so many programs at once, and refuses when too many wait", async () => {
    const narrow = openSandbox({ pythonBin: "python3", maxTimeoutMs: 100_000, concurrency: 1, queue: 1 });
    await narrow.unavailableReason("python");
    const outcomes = await Promise.all([1, 2, 3].map((n) => runPython(`result = ${n}`, {}, narrow)));
    expect(outcomes.map((outcome) => (outcome.kind === "completed" ? outcome.result : outcome.code))).toEqual([1, 2, "SANDBOX_BUSY"]);
  });

  it("runs a program of one tenant while another's sleep in all turns that are theirs", async () => {
    const narrow = openSandbox({ pythonBin: "python3", maxTimeoutMs: 100_000, concurrency: 1 });
    const stop = new AbortController();
    const sleep = "import time\ntime.sleep(90)";
    const asleep = [1, 2, 3].map(() => runPython(sleep, { tenantId: "heavy", signal: stop.signal }, narrow));
    expect(await runPython("result = 1", { tenantId: "light" }, narrow)).toMatchObject({ kind: "completed", result: 1 });
    stop.abort();
    expect((await Promise.all(asleep)).map((outcome) => outcome.kind === "failed" && outcome.code)).toEqual(
      asleep.map(() => "CODE_CANCELLED"),
    );
  });

  it("tells when a program's turn has come", async () => {
    const narrow = openSandbox({ pythonBin: "python3", maxTimeoutMs: 100_000, concurrency: 1 });
    const stop = new AbortController();
    const begun: string[] = [];
    const begins = (name: string) => () => void begun.push(name);
    const asleep = runPython("import time\ntime.sleep(90)", { signal: stop.signal, begins: begins("first") }, narrow);
    const second = runPython("result = 1", { begins: begins("second") }, narrow);
    expect(await runPython("result = 1", { tenantId: "light", begins: begins("light") }, narrow)).toMatchObject({ kind: "completed" });
    expect(begun).toEqual(["first", "light"]);
    stop.abort();
    await Promise.all([asleep, second]);
    expect(begun).toEqual(["first", "light", "second"]);
  });
});

describe("a host without a usable Python", () => {
  it("says why, and fails programs with SANDBOX_UNAVAILABLE", async () => {
    const nowhere = openSandbox({ pythonBin: "/nonexistent/python", maxTimeoutMs: 1_000 });
    expect(await nowhere.unavailableReason("python")).toMatch(
      /^(No usable Python: \/nonexistent\/python is not there|Python runs jailed on Linux only)/,
    );
    expect(await runPython("result = 1", {}, nowhere)).toMatchObject({ kind: "failed", code: "SANDBOX_UNAVAILABLE" });
  });
});
