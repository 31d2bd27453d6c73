"""Processes of this machine: which of them share their numbers, and which still run."""

from __future__ import annotations

import os
from pathlib import Path


def process_space() -> str:
    """Where process numbers mean the same: the start of this machine and its process namespace; "" if unknown.

    Containers may share a host's name, but not its process numbers. Source: Linux, proc(5) and pid_namespaces(7).
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""


def is_running(pid: int) -> bool:
    """Whether a process of this process space has the number `pid`. Linux only."""
    return Path(f"/proc/{pid}").exists()
