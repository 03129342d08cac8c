import picocolors from "picocolors";

/** Colours where the terminal has them (NO_COLOR and pipes have none). */
export const colours = picocolors.createColors(picocolors.isColorSupported && process.stdout.isTTY);
