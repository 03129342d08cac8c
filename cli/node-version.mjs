/** Which Node the platform runs on. Read by the system's Node too, however old: plain JavaScript. */

/** The oldest. */
export const leastVersion = "22.23";

/**
 * Whether that Node will do. Hooks of older ones fail to load CommonJS packages (22.18, 24.0: ERR_VM_MODULE_LINK_FAILURE); odd versions get no corrections.
 *
 * @param {string} version  such as process.versions.node
 */
export function isNewEnough(version) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return (major === 22 && minor >= 23) || (major === 24 && minor >= 11) || major >= 26;
}
