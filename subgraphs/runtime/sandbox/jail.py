"""Runs one stranger's program in this process, after the process has locked itself in.

Started as `python -I -S -B jail.py`, once per program and never reused. Reads from stdin one JSON object

    {"code": str, "payload": any, "libraries": [path], "packages": path or null, "limits": {"memoryBytes", "cpuSeconds", "resultBytes"}}

and writes to fd 3 two lines, each a JSON object. The first is written before the program begins, so it is this file's own word: {"kind": "locked-in"},
or {"kind": "unavailable", "message": str}, which is the last then. The second is {"kind": "completed", "result": any} or
{"kind": "failed", "code": str, "message": str}. What the program prints goes to stdout as it is printed.

The boundary is the kernel's, not the language's: rlimits, no_new_privs, Landlock (no file but the standard library, read only; no TCP;
no signals outwards) and a seccomp allow-list (no sockets, processes, threads, signals). If any of them cannot be had, the program does not run.
A program is never root's: root becomes nobody. Where a program leaves no `result`, its `main(payload)` is called, unless it does so itself.
Known limits: metadata of files (stat) can be seen; threads, asyncio's event loop and sqlite3 do not work.
The program may forge the second line. It thereby deceives only itself: the reader takes it as the program's word, which cannot say that the host failed.
"""

import os
import sys

ANSWER_FD = 3
AST_ONLY = 0x400  # ast.PyCF_ONLY_AST, without the module, which takes long to load
NOBODY = 65534

# Same numbers on every architecture.
LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 4, 22, 38
SIGKILL = 9
EPERM = 1

# (x86-64, aarch64); None where the architecture has no such call. Whatever is not here is answered EPERM.
SYSCALLS = {
    "read": (0, 63),
    "write": (1, 64),
    "close": (3, 57),
    "stat": (4, None),  # glibc before 2.33 asks for metadata by these three
    "fstat": (5, 80),
    "lstat": (6, None),
    "poll": (7, None),
    "lseek": (8, 62),
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "munmap": (11, 215),
    "brk": (12, 214),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "pread64": (17, 67),
    "readv": (19, 65),
    "writev": (20, 66),
    "select": (23, None),  # time.sleep before Python 3.11
    "sched_yield": (24, 124),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "nanosleep": (35, 101),
    "getpid": (39, 172),
    "exit": (60, 93),
    "uname": (63, 160),
    "getcwd": (79, 17),
    "gettimeofday": (96, 169),
    "getrusage": (98, 165),
    "times": (100, 153),
    "getuid": (102, 174),
    "getgid": (104, 176),
    "geteuid": (107, 175),
    "getegid": (108, 177),
    "sigaltstack": (131, 132),
    "gettid": (186, 178),
    "futex": (202, 98),
    "getdents64": (217, 61),
    "restart_syscall": (219, 128),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115),
    "exit_group": (231, 94),
    "openat": (257, 56),
    "newfstatat": (262, 79),
    "pselect6": (270, 72),
    "ppoll": (271, 73),
    "getrandom": (318, 278),
    "statx": (332, 291),
    "rseq": (334, 293),
}
# Only these commands: F_SETOWN with F_SETSIG would send signals to other processes.
FCNTL = (72, 25)
FCNTL_COMMANDS = (1, 2, 3)  # F_GETFD, F_SETFD, F_GETFL
ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}


class Unavailable(Exception):
    """This host cannot jail a program."""


def limit_resources(limits):
    import resource

    for kind, value in (
        (resource.RLIMIT_AS, limits["memoryBytes"]),
        (resource.RLIMIT_CPU, limits["cpuSeconds"]),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (value, value))


def drop_privileges():
    """Root becomes nobody, or the program does not run: also where nobody may not read the library, it then ends for want of it."""
    if os.geteuid() == 0 or os.getuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    if 0 in os.getresuid():
        raise Unavailable("the program would be root's")


def landlock(libc, libraries):
    import ctypes
    import struct

    abi = libc.syscall(LANDLOCK_CREATE, None, 0, 1)
    if abi < 1:
        raise Unavailable("the kernel does not offer Landlock (%s)" % os.strerror(ctypes.get_errno()))
    access = (1 << 13) - 1
    for since, bit in ((2, 13), (3, 14), (5, 15)):
        if abi >= since:
            access |= 1 << bit
    # Everything is handled, that is forbidden, in as much as this kernel knows it: files, TCP (ABI 4), abstract sockets and signals (ABI 6).
    rules = struct.pack("<QQQ", access, 3, 3)[: 24 if abi >= 6 else 16 if abi >= 4 else 8]
    ruleset = libc.syscall(LANDLOCK_CREATE, rules, len(rules), 0)
    if ruleset < 0:
        raise Unavailable("Landlock refuses its rules (%s)" % os.strerror(ctypes.get_errno()))
    read_only = (1 << 2) | (1 << 3)  # files, directories
    for path in libraries:
        folder = os.open(path, os.O_PATH | os.O_CLOEXEC)
        if libc.syscall(LANDLOCK_ADD, ruleset, 1, struct.pack("<Qi", read_only, folder), 0) != 0:
            raise Unavailable("Landlock refuses %s (%s)" % (path, os.strerror(ctypes.get_errno())))
        os.close(folder)
    if libc.syscall(LANDLOCK_RESTRICT, ruleset, 0) != 0:
        raise Unavailable("Landlock cannot be switched on (%s)" % os.strerror(ctypes.get_errno()))
    os.close(ruleset)


def seccomp(libc, machine):
    import ctypes
    import struct

    column, audit_arch = ARCHITECTURES[machine]
    load, jump_equal, ret = 0x20, 0x15, 0x06
    allow, deny, kill = 0x7FFF0000, 0x00050000 | EPERM, 0x80000000
    numbers = [row[column] for row in SYSCALLS.values() if row[column] is not None]
    # struct seccomp_data: nr at 0, arch at 4, the low half of the second argument at 24.
    program = [(load, 0, 0, 4), (jump_equal, 1, 0, audit_arch), (ret, 0, 0, kill), (load, 0, 0, 0)]
    for number in numbers:
        program += [(jump_equal, 0, 1, number), (ret, 0, 0, allow)]
    program += [(jump_equal, 0, 2 + 2 * len(FCNTL_COMMANDS), FCNTL[column]), (load, 0, 0, 24)]
    for command in FCNTL_COMMANDS:
        program += [(jump_equal, 0, 1, command), (ret, 0, 0, allow)]
    program += [(ret, 0, 0, deny), (ret, 0, 0, deny)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *step) for step in program))
    described = ctypes.create_string_buffer(struct.pack("<HxxxxxxQ", len(program), ctypes.addressof(code)))
    if libc.prctl(PR_SET_SECCOMP, 2, described, 0, 0) != 0:
        raise Unavailable("the kernel does not offer seccomp filters (%s)" % os.strerror(ctypes.get_errno()))


def preload():
    """Modules that need shared libraries from outside the standard library's folder, which is all that can be read later."""
    for name in ("math", "zlib", "bz2", "lzma", "hashlib", "decimal", "uuid", "traceback", "encodings.idna"):
        try:
            __import__(name)
        except ImportError:
            pass  # built without it; the program gets its own ImportError


def lock_in(request):
    import ctypes

    machine = os.uname().machine
    if machine not in ARCHITECTURES or sys.maxsize < 2**32:
        raise Unavailable("no list of system calls for %s" % machine)
    libc = ctypes.CDLL(None, use_errno=True)
    os.environ.clear()
    os.chdir("/")
    if request["packages"] is not None:
        sys.path.append(request["packages"])
    drop_privileges()
    # After the change of user, which clears it: whoever started this must not leave a program behind.
    libc.prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)
    libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise Unavailable("no_new_privs cannot be set")
    limit_resources(request["limits"])
    landlock(libc, request["libraries"])
    seccomp(libc, machine)


def problem_with(value, path, depth=0):
    """Why a value is not JSON, naming the place; None when it is. Silent changes (keys, rounded integers) count as problems."""
    if depth > 200:
        return "%s is nested more than 200 deep" % path
    if value is None or isinstance(value, (bool, str)):
        return None
    if isinstance(value, int):
        return None if abs(value) < 2**53 else "%s is an integer beyond 2**53, which JSON readers round; give it as str" % path
    if isinstance(value, float):
        return None if value - value == 0 else "%s is %r" % (path, value)
    if isinstance(value, (list, tuple)):
        return first(problem_with(item, "%s[%d]" % (path, index), depth + 1) for index, item in enumerate(value))
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                return "%s has the key %.100r; keys must be str" % (path, key)
        return first(problem_with(item, "%s[%.100r]" % (path, key), depth + 1) for key, item in value.items())
    return "%s is of type %s" % (path, type(value).__name__)


def first(problems):
    return next((problem for problem in problems if problem is not None), None)


def described(error):
    """`ValueError: too small (line 3)`: the innermost line of the program itself."""
    line = getattr(error, "lineno", None) if isinstance(error, SyntaxError) else None
    frame = error.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == "<code>":
            line = frame.tb_lineno
        frame = frame.tb_next
    try:
        text = error.msg if isinstance(error, SyntaxError) else str(error)
    except BaseException:
        text = "(its message cannot be shown)"
    told = type(error).__name__ + (": " + str(text)[:2000] if text else "")
    return told if line is None else "%s (line %d)" % (told, line)


def names_main(code):
    """True for a program that calls its main itself, or hands it on, anywhere but in a function: it is not called a second time."""
    nodes = [compile(code, "<code>", "exec", AST_ONLY)]
    while nodes:
        node = nodes.pop()
        kind = type(node).__name__
        if kind == "Name" and node.id == "main" and type(node.ctx).__name__ == "Load":
            return True
        if kind in ("FunctionDef", "AsyncFunctionDef", "Lambda"):
            continue
        for field in node._fields:
            value = getattr(node, field, None)
            nodes += [item for item in (value if isinstance(value, list) else [value]) if hasattr(item, "_fields")]
    return False


def run(request, dumps):
    program = {"payload": request["payload"], "__name__": "__main__"}
    try:
        exec(compile(request["code"], "<code>", "exec"), program)
        if "result" not in program and callable(program.get("main")) and not names_main(request["code"]):
            program["result"] = program["main"](program.get("payload"))
    except SystemExit as stop:
        if stop.code not in (None, 0):
            return failed("CODE_ERROR", "The program exited with %.200r." % (stop.code,))
    except MemoryError:
        program.clear()
        return failed("CODE_MEMORY", "The program used more than %d MiB of memory." % (request["limits"]["memoryBytes"] >> 20))
    except BaseException as error:
        return failed("CODE_ERROR", described(error))
    result = program.get("result")
    problem = problem_with(result, "result")
    if problem is not None:
        return failed("CODE_RESULT_NOT_JSON", "The program's result is not JSON: %s." % problem)
    try:
        answer = dumps({"kind": "completed", "result": result}).encode("utf-8")
    except MemoryError:
        return failed("CODE_MEMORY", "The program's result takes too much memory.")
    if len(answer) > request["limits"]["resultBytes"]:
        return failed("CODE_OUTPUT_TOO_LARGE", "The program's result is larger than %d bytes." % request["limits"]["resultBytes"])
    return answer


def failed(code, message):
    import json

    return json.dumps({"kind": "failed", "code": code, "message": message}).encode("utf-8")


def tell(answer):
    view = memoryview(answer)
    while len(view) > 0:
        view = view[os.write(ANSWER_FD, view) :]


def main():
    import io
    import json

    # Before the program is known: whoever starts this ahead does so for the sake of these.
    preload()
    request = json.load(sys.stdin.buffer)
    # By line, so that what was printed before a time-out is seen.
    printed = io.TextIOWrapper(io.FileIO(1, "w"), "utf-8", "backslashreplace", line_buffering=True)
    sys.stdout = printed
    try:
        lock_in(request)
    except BaseException as error:
        reason = str(error) if isinstance(error, Unavailable) else described(error)
        tell(json.dumps({"kind": "unavailable", "message": reason}).encode("utf-8") + b"\n")
        os._exit(1)
    tell(b'{"kind": "locked-in"}\n')
    answer = run(request, json.dumps)
    try:
        printed.flush()
    except BaseException:
        pass  # the program closed its own stdout
    tell(answer)
    # No clean-up: it would run what the program registered.
    os._exit(0)


main()
