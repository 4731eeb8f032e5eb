"""On which kind of file system a path lies: a database that writes ahead is not safe on one that is shared over a network."""

from __future__ import annotations

import re
from pathlib import Path

MOUNTS = Path("/proc/mounts")
NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb", "smb3", "smbfs", "lustre", "9p", "ceph", "afs", "gpfs", "beegfs", "glusterfs", "davfs", "ncpfs", "ocfs2"}
)
"""Kinds of file system that several machines may hold at once."""
NETWORK_FUSE = frozenset(
    {"sshfs", "s3fs", "gcsfuse", "rclone", "glusterfs", "ceph-fuse", "davfs2", "juicefs", "goofys", "blobfuse", "blobfuse2", "smbnetfs"}
)
"""The same among those that run as a program: `fuse.sshfs`."""


def network_file_system(path: Path, mounts: Path = MOUNTS) -> str | None:
    """The kind of network file system that `path` lies on; None on a local disk, and where the system does not say.

    Args:
        path: a file or folder, there or not.
        mounts: the system's list of mounts, in the format of `/proc/mounts`.
    """
    kind = _kind(path.expanduser().resolve(), mounts)
    return kind if kind in NETWORK or kind.removeprefix("fuse.") in NETWORK_FUSE else None


def _kind(path: Path, mounts: Path) -> str:
    """The kind of the deepest mount above `path`, of several at one place the last; empty when none is known."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # a system without such a list
        return ""
    found, depth = "", -1
    for line in lines:
        _, place, kind, *_ = [*line.split(" "), "", "", ""]
        mount = Path(_plain(place))
        if path.is_relative_to(mount) and len(mount.parts) >= depth:
            found, depth = kind, len(mount.parts)
    return found


def _plain(place: str) -> str:
    r"""A mount's path as it is: spaces are written as `\040` in the list."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), place)
