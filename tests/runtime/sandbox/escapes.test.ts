import { describeWithJail, resultOf } from "./jail.ts";

/** One that every program of the host may open. */
const hostLibrary = (process.report.getReport() as unknown as { sharedObjects: string[] }).sharedObjects.find((path) =>
  path.includes("libstdc++"),
)!;

/** Runs one attempt inside; it does no harm where it succeeds. Gives the name of the error that it met, or null. */
function refusal(attempt: string) {
  const body = attempt.replaceAll("\n", "\n    ");
  return resultOf(`import os\nresult = None\ntry:\n    ${body}\nexcept BaseException as error:\n    result = type(error).__name__`, {
    platformPid: process.pid,
    library: hostLibrary,
    platformFile: process.argv[1] ?? "",
  });
}

describeWithJail("a jailed program", () => {
  it.each([
    ["reads no file of the host", "open('/etc/passwd').read()"],
    ["lists no folder", "os.listdir('/')"],
    ["reads no environment by a file", "open('/proc/self/environ').read()"],
    ["reads no command line of others", "open(f\"/proc/{payload['platformPid']}/cmdline\").read()"],
    ["reads nothing of /proc", "open('/proc/self/maps').read()"],
    ["reads no device", "open('/dev/zero', 'rb')"],
    ["creates no file", "open('/tmp/agent-platform-escape', 'x')"],
    ["writes no device", "open('/dev/null', 'w')"],
    ["makes no file without a name", "os.open('/tmp', os.O_TMPFILE | os.O_RDWR)"],
    ["opens files by no other call", "import ctypes\nassert ctypes.CDLL(None).open(b'/etc/passwd', 0) >= 0", "AssertionError"],
    ["makes no folder", "os.mkdir('/tmp/agent-platform-escape')"],
    ["makes no link", "os.symlink('/etc/passwd', '/tmp/agent-platform-escape')"],
    ["changes no folder", "os.chdir('/tmp')"],
    ["follows no link of /proc", "os.readlink('/proc/self/exe')"],
    ["opens no TCP socket", "import socket\nsocket.socket()"],
    ["opens no UDP socket", "import socket\nsocket.socket(socket.AF_INET, socket.SOCK_DGRAM)"],
    ["opens no Unix socket", "import socket\nsocket.socket(socket.AF_UNIX)"],
    ["makes no socket pair", "import socket\nsocket.socketpair()"],
    ["resolves no name", "import socket\nsocket.getaddrinfo('localhost', 80)", "gaierror"],
    [
      "requests nothing",
      "import urllib.request\ntry: urllib.request.urlopen('http://127.0.0.1:1/', timeout=1)\nexcept OSError as met: raise met.reason",
    ],
    ["forks not", "if os.fork() == 0: os._exit(0)"],
    ["starts no process", "import subprocess\nsubprocess.run(['/bin/true'])"],
    ["replaces itself by no other program", "os.execv('/bin/true', ['true'])"],
    ["starts no thread", "import threading\nthreading.Thread(target=print).start()", "RuntimeError"],
    ["makes no pipe", "os.pipe()"],
    ["has no hold of the platform", "os.pidfd_open(payload['platformPid'])"],
    ["signals nobody", "os.kill(-1, 0)"],
    ["signals not itself", "os.kill(os.getpid(), 0)"],
    ["changes no limit", "import resource\nresource.setrlimit(resource.RLIMIT_CPU, (0, 1 << 40))", "ValueError"],
    ["changes no user", "os.setuid(os.getuid())"],
    ["makes no namespace", "import ctypes\nassert ctypes.CDLL(None).unshare(0x10000000) == 0", "AssertionError"],
    ["is traced by nobody", "import ctypes\nassert ctypes.CDLL(None).ptrace(0, 0, 0, 0) == 0", "AssertionError"],
    [
      "reads nobody's memory",
      "import ctypes\nassert ctypes.CDLL(None).syscall(310, payload['platformPid'], 0, 0, 0, 0, 0) == 0",
      "AssertionError",
    ],
    ["takes no ownership of a descriptor's signals", "import fcntl\nfcntl.fcntl(1, fcntl.F_SETOWN, payload['platformPid'])"],
    ["opens no shared library from outside", "import ctypes\nctypes.CDLL(payload['library'])", "OSError"],
    ["makes no file in memory", "os.memfd_create('x')"],
    [
      "asks for no ring of system calls",
      "import ctypes\nassert ctypes.CDLL(None).syscall(425, 1, ctypes.create_string_buffer(120)) >= 0",
      "AssertionError",
    ],
    ["knows no users", "import pwd\npwd.getpwnam('root')", "KeyError"],
    ["reads no folder by another call", "os.scandir('/usr')"],
    ["reads nothing of the platform's own code", "open(payload['platformFile']).read()"],
    ["reads no settings of the kernel", "open('/proc/sys/kernel/hostname').read()"],
    ["reads nothing of /sys", "os.listdir('/sys')"],
    ["opens no terminal", "open('/dev/tty', 'w')"],
    ["takes no randomness by file", "open('/dev/urandom', 'rb')"],
    ["reads no memory of its own by file", "open('/proc/self/mem', 'rb')"],
    ["opens nothing from a path that goes up", "open('/usr/lib/../../etc/passwd').read()"],
    ["opens nothing from where it stands", "open('etc/passwd').read()"],
    [
      "opens nothing by openat2",
      "import ctypes\nassert ctypes.CDLL(None).syscall(437, -100, b'/etc/passwd', ctypes.create_string_buffer(24), 24) >= 0",
      "AssertionError",
    ],
    ["writes nothing by the descriptor of its input", "os.write(0, b'x')", "BrokenPipeError|OSError"],
    // There is no such file: who may try finds that out.
    ["deletes nothing", "os.unlink('/tmp/agent-platform-none')"],
    ["deletes no folder", "os.rmdir('/tmp/agent-platform-none')"],
    ["renames nothing", "os.rename('/tmp/agent-platform-none', '/tmp/agent-platform-escape')"],
    ["changes nobody's mode", "os.chmod('/tmp/agent-platform-none', 0o777)"],
    ["changes nobody's owner", "os.chown('/tmp/agent-platform-none', -1, -1)"],
    ["changes no times", "os.utime('/tmp')"],
    ["truncates nothing", "os.truncate('/tmp/agent-platform-none', 0)"],
    ["sets no mark on a file", "os.setxattr('/tmp/agent-platform-none', 'user.x', b'1')"],
    ["makes no special file", "os.mknod('/tmp/agent-platform-escape')"],
    ["makes no hard link", "os.link('/etc/passwd', '/tmp/agent-platform-escape')"],
    ["changes no root", "os.chroot('/agent-platform-none')"],
    ["changes no group", "os.setgid(os.getgid())"],
    ["changes none of its users", "os.setresuid(-1, -1, -1)"],
    ["changes no effective user", "os.seteuid(os.geteuid())"],
    ["changes nobody's priority", "os.setpriority(os.PRIO_PROCESS, 0, 19)"],
    ["chooses no processor", "os.sched_setaffinity(0, {0})"],
    ["is no leader of a session", "os.setsid()"],
    ["moves to no other group of processes", "os.setpgid(0, 0)"],
    ["signals no group", "os.killpg(os.getpid(), 0)"],
    ["waits for no child", "os.waitpid(-1, 0)"],
    ["sets no timer", "import signal\nsignal.setitimer(signal.ITIMER_REAL, 1)", "PermissionError|itimer_error"],
    ["starts nothing by posix_spawn", "os.posix_spawn('/bin/true', ['true'], {})"],
    [
      "makes no process by clone",
      "import ctypes\nassert ctypes.CDLL(None).syscall(56 if os.uname().machine == 'x86_64' else 220, 17, 0, 0, 0, 0) >= 0",
      "AssertionError",
    ],
    [
      "makes no process by clone3",
      "import ctypes\npid = ctypes.CDLL(None).syscall(435, b'\\0' * 32 + b'\\x11' + b'\\0' * 31, 64)\nif pid == 0: os._exit(0)\nassert pid > 0",
      "AssertionError",
    ],
    [
      "makes no process of multiprocessing",
      "import multiprocessing\nmultiprocessing.Process(target=print).start()",
      "PermissionError|OSError|ImportError",
    ],
    ["opens no terminal pair", "os.openpty()", "PermissionError|OSError"],
    ["watches no files", "import ctypes\nassert ctypes.CDLL(None).inotify_init() >= 0", "AssertionError"],
    ["makes no event descriptor", "import ctypes\nassert ctypes.CDLL(None).eventfd(0, 0) >= 0", "AssertionError"],
    [
      "has no keys of the kernel",
      "import ctypes\nassert ctypes.CDLL(None).syscall(250 if os.uname().machine == 'x86_64' else 219, 0, -3, 1) >= 0",
      "AssertionError",
    ],
    ["shares no memory by a key", "import ctypes\nassert ctypes.CDLL(None).shmget(0, 4096, 0o600) >= 0", "AssertionError"],
    ["has no queue of messages", "import ctypes\nassert ctypes.CDLL(None).msgget(0, 0o600) >= 0", "AssertionError"],
    ["has no semaphores", "import ctypes\nassert ctypes.CDLL(None).semget(0, 1, 0o600) >= 0", "AssertionError"],
    ["has no timer by a descriptor", "import ctypes\nassert ctypes.CDLL(None).timerfd_create(1, 0) >= 0", "AssertionError"],
    [
      "makes no call of another architecture",
      // A kernel that knows none says so, ENOSYS; this one is not asked.
      "import ctypes\nctypes.CDLL(None, use_errno=True).syscall(0x40000000 | 39)\nassert ctypes.get_errno() != 1",
      "AssertionError",
    ],
    ["gains nothing by what it executes", "import ctypes\nassert ctypes.CDLL(None).prctl(39, 0, 0, 0, 0) == 0", "AssertionError"],
    ["is dumped for nobody", "import ctypes\nassert ctypes.CDLL(None).prctl(4, 1, 0, 0, 0) == 0", "AssertionError"],
    ["outlives nobody", "import ctypes\nassert ctypes.CDLL(None).prctl(1, 0, 0, 0, 0) == 0", "AssertionError"],
    ["makes no descriptor a copy", "os.dup(1)"],
    ["sends no descriptor", "import socket\nsocket.fromfd(1, socket.AF_UNIX, socket.SOCK_STREAM)"],
    ["connects to nothing on loopback", "import socket\nsocket.create_connection(('127.0.0.1', 1), 1)"],
    ["sends no mail", "import smtplib\nsmtplib.SMTP('127.0.0.1', 25, timeout=1)"],
    ["takes no memory beyond its share", "bytearray(1 << 30)", "MemoryError"],
    [
      "asks for no shared memory",
      "from multiprocessing import shared_memory\nshared_memory.SharedMemory(create=True, size=64)",
      "PermissionError|OSError|ImportError",
    ],
    ["loads no filter of its own", "import ctypes\nassert ctypes.CDLL(None).prctl(22, 1, 0, 0, 0) == 0", "AssertionError"],
  ])("%s", async (_name, attempt, error = "PermissionError") => {
    expect(error.split("|")).toContain(await refusal(attempt));
  });

  it("runs no shell", async () => {
    expect(await resultOf("import os\nresult = os.system('true')")).not.toBe(0);
  });

  it("has no environment, no inherited descriptors, and / as its folder", async () => {
    const code = `
import os
def is_open(fd):
    try: os.fstat(fd)
    except OSError: return False
    return True
result = [dict(os.environ), [fd for fd in range(64) if is_open(fd)], os.getcwd()]`;
    expect(await resultOf(code)).toEqual([{}, [0, 1, 2, 3], "/"]);
  });

  it("has not a capability", async () => {
    const code = `
import ctypes
libc = ctypes.CDLL(None)
result = [libc.chroot(b"/"), libc.sethostname(b"x", 1), libc.mount(None, b"/", None, 0, None)]`;
    expect(await resultOf(code)).toEqual([-1, -1, -1]);
  });

  it("leaves nothing for the next program", async () => {
    await resultOf("import json\njson.dumps = None\nimport builtins\nbuiltins.leak = 1\nresult = None");
    expect(await resultOf("import builtins, json\nresult = [hasattr(builtins, 'leak'), json.dumps({})]")).toEqual([false, "{}"]);
  });
});
