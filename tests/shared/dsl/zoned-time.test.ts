import { instantOf } from "#shared/dsl/zoned-time.ts";

describe("a time of a document", () => {
  it.each([
    ["2026-03-29T01:59", "Europe/Berlin", "2026-03-29T00:59:00.000Z"],
    // 02:00 to 03:00 is left out.
    ["2026-03-29T02:00", "Europe/Berlin", "2026-03-29T01:00:00.000Z"],
    ["2026-03-29T02:30", "Europe/Berlin", "2026-03-29T01:30:00.000Z"],
    ["2026-03-29T03:00", "Europe/Berlin", "2026-03-29T01:00:00.000Z"],
    ["2026-03-29T03:30", "Europe/Berlin", "2026-03-29T01:30:00.000Z"],
    // 02:00 to 03:00 comes twice.
    ["2026-10-25T01:59", "Europe/Berlin", "2026-10-24T23:59:00.000Z"],
    ["2026-10-25T02:30", "Europe/Berlin", "2026-10-25T00:30:00.000Z"],
    ["2026-10-25T03:00", "Europe/Berlin", "2026-10-25T02:00:00.000Z"],
    ["2026-03-08T02:30", "America/New_York", "2026-03-08T07:30:00.000Z"],
    ["2026-11-01T01:30", "America/New_York", "2026-11-01T05:30:00.000Z"],
    // South of the equator, and by half an hour.
    ["2026-04-05T01:45", "Australia/Lord_Howe", "2026-04-04T14:45:00.000Z"],
    ["2026-10-04T02:15", "Australia/Lord_Howe", "2026-10-03T15:45:00.000Z"],
    ["2026-07-01", "Asia/Kolkata", "2026-06-30T18:30:00.000Z"],
    ["2026-07-01T12:00:30.250", "Asia/Kathmandu", "2026-07-01T06:15:30.250Z"],
    ["2026-07-01 12:00", "UTC", "2026-07-01T12:00:00.000Z"],
    // A day that Samoa did not have.
    ["2011-12-30T12:00", "Pacific/Apia", "2011-12-30T22:00:00.000Z"],
    ["2026-01-01T10:00+01:00", undefined, "2026-01-01T09:00:00.000Z"],
    ["2026-01-01T10:00:00+0530", "Europe/Berlin", "2026-01-01T04:30:00.000Z"],
    ["2026-01-01T10:00:00z", undefined, "2026-01-01T10:00:00.000Z"],
    ["2028-02-29T00:00Z", undefined, "2028-02-29T00:00:00.000Z"],
    // As Python and Go write the time that it is.
    ["2026-01-01T10:00:00.123456+00:00", undefined, "2026-01-01T10:00:00.123Z"],
    ["2026-01-01T10:00:00.999999999Z", undefined, "2026-01-01T10:00:00.999Z"],
    ["2026-07-01T12:00:30.250999", "Asia/Kathmandu", "2026-07-01T06:15:30.250Z"],
  ])("%s in %s is %s", (text, zone, instant) => {
    const found = instantOf(text, zone);
    expect(typeof found === "number" ? new Date(found).toISOString() : found).toBe(instant);
  });

  it.each([
    ["tomorrow", "UTC", "is no date and time"],
    ["2026-02-30T10:00", "UTC", "is no day of the calendar"],
    ["2026-02-29T10:00Z", undefined, "is no day of the calendar"],
    ["2026-01-01T25:00Z", undefined, "is no day of the calendar"],
    ["2026-01-01T10:00", undefined, "has no offset"],
    ["2026-01-01T10:00", "Mars/Base", "which is no zone"],
    ["2026-01-01T10:00+99:99", undefined, "has an offset that is none"],
    ["", "UTC", "is no date and time"],
    ["2026-01-01T10:00123Z", undefined, "is no date and time"],
    ["2026-01-01T10:00:00.1234567890Z", undefined, "is no date and time"],
  ])("%s in %s is none: it %s", (text, zone, problem) => {
    expect(instantOf(text, zone)).toContain(problem);
  });
});
