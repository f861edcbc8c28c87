"""Limits that a process in the sandbox takes upon itself before students' code runs.

Resource limits, and a seccomp filter: no new processes, no signals to others, no memory
outside the address space, no namespaces. Both bind root as well as anyone, and can't be
taken back. The sandbox loads this file alone, so it imports the standard library only.
"""

import ctypes
import os
import platform
import struct

try:
    import resource
except ImportError:  # Windows
    resource = None

_MEMORY = 3 * 2**30  # bytes of address space on top of the warm process
_FILE = 2**26  # bytes
_FILES = 256
_THREADS = 128
_NO_NEW_PRIVILEGES, _SET_SECCOMP, _SET_DUMPABLE = 38, 22, 4
_FILTER = 2
_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06  # BPF instructions
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER, _MACHINE, _ARGUMENT = 0, 4, 16  # places in the data that a filter sees
_EPERM, _ENOSYS = 1, 38
_CLONE_THREAD = 0x10000
_X32 = 0x40000000

# Number of each system call on x86_64 and aarch64; None where it doesn't exist.
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_REFUSED = {
    "fork": (57, None),
    "vfork": (58, None),
    "kill": (62, 129),
    "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424),
    "pidfd_getfd": (438, 438),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "move_mount": (429, 429),
    "open_tree": (428, 428),
    "fsopen": (430, 430),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "sched_setaffinity": (203, 122),
}
_CLONE, _CLONE3 = (56, 220), (435, 435)
_ONLY_ITSELF = {"tgkill": (234, 131), "prlimit64": (302, 261)}  # the first argument


def apply(seconds):
    """Limit this process for the rest of its life.

    Args:
        seconds: Processor time it may use, a whole number.

    Raises:
        OSError: If the system refuses the filter.
    """
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, _FILE)
    _limit(resource.RLIMIT_NOFILE, _FILES)
    _limit(resource.RLIMIT_NPROC, _THREADS)
    _limit(resource.RLIMIT_AS, _address_space() + _MEMORY)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))  # warned, killed
    _call("prctl", _NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    _install(_program())


def seal():
    """Keep processes of the same user from looking into this one and its children."""
    _call("prctl", _SET_DUMPABLE, 0, 0, 0, 0)


def known_machine():
    """Whether the filter knows this machine's system calls."""
    return platform.machine() in _MACHINES


def _limit(kind, value):
    _, hard = resource.getrlimit(kind)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))


def _address_space():
    with open("/proc/self/statm") as file:  # noqa: PTH123
        return int(file.read().split()[0]) * resource.getpagesize()


def _program():
    """The filter: a list of BPF instructions `(code, if true, if false, value)`."""
    column, machine = _MACHINES[platform.machine()]
    steps = [(_LOAD, 0, 0, _MACHINE), (_EQUAL, 1, 0, machine), (_RETURN, 0, 0, _KILL)]
    steps += [(_LOAD, 0, 0, _NUMBER), (_ANY_BIT, 0, 1, _X32), (_RETURN, 0, 0, _KILL)]
    for numbers in _REFUSED.values():
        if numbers[column] is not None:
            steps += _refuse(numbers[column], _EPERM)
    steps += _refuse(_CLONE3[column], _ENOSYS)  # libraries then use clone
    steps += [(_EQUAL, 0, 4, _CLONE[column]), (_LOAD, 0, 0, _ARGUMENT)]
    steps += [(_ANY_BIT, 1, 0, _CLONE_THREAD), (_RETURN, 0, 0, _REFUSE | _EPERM)]
    steps += [(_RETURN, 0, 0, _ALLOW)]
    for numbers in _ONLY_ITSELF.values():
        steps += [(_EQUAL, 0, 5, numbers[column]), (_LOAD, 0, 0, _ARGUMENT)]
        steps += [(_EQUAL, 2, 0, os.getpid()), (_EQUAL, 1, 0, 0)]
        steps += [(_RETURN, 0, 0, _REFUSE | _EPERM), (_RETURN, 0, 0, _ALLOW)]
    return [*steps, (_RETURN, 0, 0, _ALLOW)]


def _refuse(number, error):
    return [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _REFUSE | error)]


def _install(steps):
    code = b"".join(struct.pack("=HBBI", *step) for step in steps)
    buffer = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("@HP", len(steps), ctypes.addressof(buffer))
    _call("prctl", _SET_SECCOMP, _FILTER, ctypes.c_char_p(program), 0, 0)


def _call(name, *arguments):
    library = ctypes.CDLL(None, use_errno=True)
    if getattr(library, name)(*arguments):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
