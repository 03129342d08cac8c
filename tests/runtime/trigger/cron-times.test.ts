import "reflect-metadata";
import { cronProblem, isZone, latestTime, nextTimes } from "../../../subgraphs/runtime/trigger/cron-times.ts";
import type { Schedule } from "../../../subgraphs/runtime/trigger/schedule.entity.ts";
import { scheduleTimes } from "../../../subgraphs/runtime/trigger/schedule.service.ts";
import { firingOf } from "../../../subgraphs/runtime/trigger/missed.rules.ts";

const times = (cron: string, zone: string, after: string, count = 3) =>
  nextTimes({ cron, zone }, new Date(after), count).map((time) => time.toISOString().slice(0, 16));

describe("the times of a cron expression", () => {
  const table: [what: string, cron: string, zone: string, after: string, expected: string[]][] = [
    // The clock leaves 02:00 to 03:00 out on the 29th of March.
    [
      "a time that is left out comes when the clock has moved on",
      "30 2 * * *",
      "Europe/Berlin",
      "2026-03-28T00:00:00Z",
      ["2026-03-28T01:30", "2026-03-29T01:00", "2026-03-30T00:30"],
    ],
    [
      "two times of which one is left out come as one",
      "0 2,3 * * *",
      "Europe/Berlin",
      "2026-03-29T00:00:00Z",
      ["2026-03-29T01:00", "2026-03-30T00:00", "2026-03-30T01:00"],
    ],
    [
      "each half hour goes on by the time that passes, in spring",
      "*/30 * * * *",
      "Europe/Berlin",
      "2026-03-29T00:00:00Z",
      ["2026-03-29T00:30", "2026-03-29T01:00", "2026-03-29T01:30"],
    ],
    // The clock shows 02:00 to 03:00 twice on the 25th of October.
    [
      "a time that comes twice comes the first time",
      "30 2 * * *",
      "Europe/Berlin",
      "2026-10-24T12:00:00Z",
      ["2026-10-25T00:30", "2026-10-26T01:30", "2026-10-27T01:30"],
    ],
    [
      "each half hour goes on by the time that passes, in autumn",
      "*/30 * * * *",
      "Europe/Berlin",
      "2026-10-25T00:00:00Z",
      ["2026-10-25T00:30", "2026-10-25T01:00", "2026-10-25T01:30"],
    ],
    [
      "New York, spring",
      "0 2 * * *",
      "America/New_York",
      "2026-03-07T12:00:00Z",
      ["2026-03-08T07:00", "2026-03-09T06:00", "2026-03-10T06:00"],
    ],
    [
      "New York, autumn",
      "30 1 * * *",
      "America/New_York",
      "2026-10-31T12:00:00Z",
      ["2026-11-01T05:30", "2026-11-02T06:30", "2026-11-03T06:30"],
    ],
    [
      "a zone without changes, half an hour off",
      "0 9 * * 1-5",
      "Asia/Kolkata",
      "2026-11-27T00:00:00Z",
      ["2026-11-27T03:30", "2026-11-30T03:30", "2026-12-01T03:30"],
    ],
    [
      "a clock that moves by half an hour, spring",
      "15 2 * * *",
      "Australia/Lord_Howe",
      "2026-10-03T00:00:00Z",
      ["2026-10-03T15:30", "2026-10-04T15:15", "2026-10-05T15:15"],
    ],
    [
      "a clock that moves by half an hour, autumn",
      "45 1 * * *",
      "Australia/Lord_Howe",
      "2026-04-04T00:00:00Z",
      ["2026-04-04T14:45", "2026-04-05T15:15", "2026-04-06T15:15"],
    ],
    [
      "steps in a clock that moves by half an hour",
      "*/15 * * * *",
      "Australia/Lord_Howe",
      "2026-04-04T14:40:00Z",
      ["2026-04-04T14:45", "2026-04-04T15:00", "2026-04-04T15:15"],
    ],
    [
      "a midnight that is left out",
      "0 0 * * *",
      "America/Sao_Paulo",
      "2018-11-03T12:00:00Z",
      ["2018-11-04T03:00", "2018-11-05T02:00", "2018-11-06T02:00"],
    ],
    ["a leap day", "0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z", ["2028-02-29T00:00", "2032-02-29T00:00", "2036-02-29T00:00"]],
    ["the last day of a month", "0 0 L * *", "UTC", "2027-01-31T12:00:00Z", ["2027-02-28T00:00", "2027-03-31T00:00", "2027-04-30T00:00"]],
    [
      "a day of the month or of the week",
      "0 0 13 * 5",
      "UTC",
      "2026-11-01T00:00:00Z",
      ["2026-11-06T00:00", "2026-11-13T00:00", "2026-11-20T00:00"],
    ],
    [
      "Sunday by either of its numbers",
      "0 0 * * 7",
      "UTC",
      "2026-11-01T00:00:00Z",
      ["2026-11-08T00:00", "2026-11-15T00:00", "2026-11-22T00:00"],
    ],
    ["a word", "@daily", "UTC", "2026-11-01T00:00:00Z", ["2026-11-02T00:00", "2026-11-03T00:00", "2026-11-04T00:00"]],
    ["a day that never comes", "0 0 30 2 *", "UTC", "2026-11-01T00:00:00Z", []],
  ];
  it.each(table)("%s", (_what, cron, zone, after, expected) => {
    expect(times(cron, zone, after)).toEqual(expected);
  });

  it("are the same looked at from either side, all around each change of the clock", () => {
    for (const cron of ["30 2 * * *", "*/15 * * * *", "0 2-3 * * *", "45 1 * * *", "0 0 L * *"])
      for (const zone of ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"])
        for (const after of [
          "2026-03-07T20:00:00Z",
          "2026-03-28T20:00:00Z",
          "2026-04-04T00:00:00Z",
          "2026-10-03T00:00:00Z",
          "2026-10-24T20:00:00Z",
        ]) {
          const list = nextTimes({ cron, zone }, new Date(after), 30);
          for (const [index, time] of list.slice(0, -1).entries()) {
            const next = list[index + 1]!;
            const between = new Date((time.getTime() + next.getTime()) / 2);
            expect([latestTime({ cron, zone }, between), latestTime({ cron, zone }, time)]).toEqual([time, time]);
            expect(nextTimes({ cron, zone }, between, 1)).toEqual([next]);
          }
        }
  });

  it.each([
    "",
    "* * * *",
    "* * * * * *",
    "60 * * * *",
    "0 24 * * *",
    "5-1 * * * *",
    "*/0 * * * *",
    "@reboot",
    "H * * * *",
    "2026-12-01T00:00:00",
    "2 Jan 2030 10:00",
    "x",
    "٠ * * * *",
  ])("are none for %j", (cron) => expect(cronProblem(cron)).toEqual(expect.stringMatching(/\S/)));

  it.each([
    ["Europe/Berlin", true],
    ["UTC", true],
    ["Mars/Olympus", false],
    ["+02:00", false],
    ["", false],
    ["Europe/Berlin; drop", false],
  ])("know %j as a zone: %p", (zone, isOne) => expect(isZone(zone)).toBe(isOne));
});

describe("a schedule that somebody comes to", () => {
  const at = (text: string) => new Date(`2026-11-0${text}:00Z`);
  const clock = { cron: "0 6 * * *", zone: "UTC", plannedAt: at("1T06:00") };
  const minutes = { cron: "* * * * *", zone: "UTC", plannedAt: at("1T06:00") };

  it.each([
    ["in time", "SKIP", clock, at("1T06:01"), at("1T06:00"), undefined, at("2T06:00")],
    ["in time", "ONCE", clock, at("1T06:01"), at("1T06:00"), undefined, at("2T06:00")],
    ["hours late", "SKIP", clock, at("1T09:00"), undefined, at("1T06:00"), at("2T06:00")],
    ["hours late", "ONCE", clock, at("1T09:00"), at("1T06:00"), undefined, at("2T06:00")],
    ["days late", "SKIP", clock, at("3T09:00"), undefined, at("3T06:00"), at("4T06:00")],
    ["days late", "ONCE", clock, at("3T09:00"), at("3T06:00"), undefined, at("4T06:00")],
    ["days late, in time for the last", "SKIP", clock, at("3T06:01"), at("3T06:00"), at("2T06:00"), at("4T06:00")],
    ["an hour late, each minute", "SKIP", minutes, at("1T07:00"), at("1T07:00"), at("1T06:59"), at("1T07:01")],
    ["an hour late, each minute", "ONCE", minutes, at("1T07:00"), at("1T07:00"), undefined, at("1T07:01")],
  ] as const)("%s, with %s, makes one run at most", (_when, missed, due, now, plannedAt, missedAt, nextAt) => {
    expect(firingOf({ ...due, missed, now })).toEqual({ plannedAt, missedAt, nextAt });
  });
});

it("the latest time is none that is still to come, however soon", () => {
  const clock = { cron: "* * * * *", zone: "UTC" };
  expect(latestTime(clock, new Date("2026-11-27T10:00:59.600Z"))).toEqual(new Date("2026-11-27T10:00:00Z"));
  expect(latestTime(clock, new Date("2026-11-27T10:01:00.000Z"))).toEqual(new Date("2026-11-27T10:01:00Z"));
});

describe("a schedule's next times", () => {
  const nextAt = new Date("2026-03-01T00:00:00Z");
  const asked = async (first: number, cron = "0 0 * * *", zone = "UTC") =>
    (await scheduleTimes({ cron, zone, nextAt } as Schedule, first)).map((time) => time.toISOString().slice(0, 10));

  it("are as many as are asked for, in whatever order of numbers", async () => {
    const all = Array.from({ length: 10 }, (_, day) => `2026-03-${String(day + 1).padStart(2, "0")}`);
    for (const first of [2, 1, 5, 3, 10, 10, 4]) expect(await asked(first)).toEqual(all.slice(0, first));
  });

  it("are not looked for where only the next is asked for, which is stored", async () => {
    expect(await asked(1, "0 0 * * *", "No/Zone")).toEqual(["2026-03-01"]);
    await expect(asked(2, "0 0 * * *", "No/Zone")).rejects.toThrow();
  });
});
