import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { z } from "zod";

/** A Python found on this host. */
export interface PythonInterpreter {
  /** The binary itself, past links, shims and virtual environments. */
  executable: string;
  /** Such as 3.11.7. */
  version: string;
  /** Folders of its standard library, and the operator's packages; all that a jailed program may read. */
  libraries: string[];
  /** A folder of the operator's from which programs may import; null: none. */
  packages: string | null;
  /** Why that folder cannot be used; null when it can, or there is none. */
  packagesProblem: string | null;
  /** Programs are never root's: false where this process is root, and nobody may not read the libraries. */
  isEnterable: boolean;
}

const description = z.object({
  executable: z.string().min(1),
  version: z.string(),
  libraries: z.array(z.string()).min(1),
  packages: z.string().nullable(),
  packagesProblem: z.string().nullable(),
  isEnterable: z.boolean(),
});

const question = `
import json, os, sys, sysconfig
if sys.version_info < (3, 9): sys.exit("Python 3.9 or newer is needed")
paths = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib")] + [sysconfig.get_config_var("DESTSHARED")]
base = sys.base_prefix
version = "%d.%d" % sys.version_info[:2]
paths += [os.path.join(base, lib, "python" + version) for lib in ("lib", "lib64")]
libraries = sorted({os.path.realpath(path) for path in paths if path and os.path.isdir(path)})
executable = os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)
packages = os.path.realpath(sys.argv[1]) if sys.argv[1:] else None
is_folder = packages is not None and os.path.isdir(packages)
is_root = os.geteuid() == 0
if is_root:
    # As the jail will be: see jail.py.
    try: os.setgroups([])
    except PermissionError: pass
    os.setegid(65534)
    os.seteuid(65534)
def may_read(path): return os.access(path, os.R_OK | os.X_OK, effective_ids=True)
print(json.dumps({
    "executable": executable,
    "version": "%d.%d.%d" % sys.version_info[:3],
    "libraries": libraries + ([packages] if packages else []),
    "packages": packages,
    "packagesProblem": None if packages is None or is_folder and may_read(packages) else "it may not be read" if is_folder else "there is no such folder",
    "isEnterable": not is_root or all(may_read(path) for path in libraries),
}))
`;

/**
 * Asks an interpreter about itself.
 *
 * @param pythonBin a path, or a name that the PATH knows
 * @param packages a folder from which programs may import
 * @throws Error when there is none, it is too old, or it does not answer within 20 s
 */
export async function askInterpreter(pythonBin: string, packages?: string): Promise<PythonInterpreter> {
  const folders = packages === undefined ? [] : [packages];
  const { stdout } = await promisify(execFile)(pythonBin, ["-I", "-c", question, ...folders], { timeout: 20_000 });
  return description.parse(JSON.parse(stdout));
}
