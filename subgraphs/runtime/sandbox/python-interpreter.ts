import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { z } from "zod";

/** A Python found on this host. */
export interface PythonInterpreter {
  /** The binary itself, past links, shims and virtual environments. */
  executable: string;
  /** Such as 3.11.7. */
  version: string;
  /** Folders of its standard library; all that a jailed program may read. */
  libraries: string[];
}

const description = z.object({ executable: z.string().min(1), version: z.string(), libraries: z.array(z.string()).min(1) });

const question = `
import json, os, sys, sysconfig
paths = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib")] + [sysconfig.get_config_var("DESTSHARED")]
base = sys.base_prefix
version = "%d.%d" % sys.version_info[:2]
paths += [os.path.join(base, lib, "python" + version) for lib in ("lib", "lib64")]
print(json.dumps({
    "executable": os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable),
    "version": "%d.%d.%d" % sys.version_info[:3],
    "libraries": sorted({os.path.realpath(path) for path in paths if path and os.path.isdir(path)}),
}))
if sys.version_info < (3, 9): sys.exit("Python 3.9 or newer is needed")
`;

/**
 * Asks an interpreter about itself.
 *
 * @param pythonBin a path, or a name that the PATH knows
 * @throws Error when there is none, it is too old, or it does not answer within 20 s
 */
export async function askInterpreter(pythonBin: string): Promise<PythonInterpreter> {
  const { stdout } = await promisify(execFile)(pythonBin, ["-I", "-c", question], { timeout: 20_000 });
  return description.parse(JSON.parse(stdout));
}
