from __future__ import annotations

from pathlib import Path

import pytest

from potstill.store.mounts import network_file_system

LIST = r"""/dev/vda / ext4 rw,relatime 0 0
tmpfs /mnt tmpfs rw 0 0
server:/export /mnt/share nfs4 rw,vers=4.2 0 0
/dev/vdb /mnt/share/disk xfs rw 0 0
me@host:/ /mnt/with\040space fuse.sshfs rw 0 0
portal /mnt/portal fuse.portal rw 0 0
//host/x /mnt/twice cifs rw 0 0
/dev/vdc /mnt/twice ext4 rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/home/x", None),
        ("/mnt/share", "nfs4"),
        ("/mnt/share/deep/run/ledger.sqlite", "nfs4"),
        ("/mnt/share/disk/run", None),
        ("/mnt/shared", None),
        ("/mnt/with space/run", "fuse.sshfs"),
        ("/mnt/portal/run", None),
        ("/mnt/twice/run", None),
    ],
)
def test_the_deepest_and_last_mount_above_a_path_decides(path: str, kind: str | None, tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(LIST)
    assert network_file_system(Path(path), mounts) == kind


def test_a_system_without_a_list_of_mounts_is_taken_as_local(tmp_path: Path) -> None:
    assert network_file_system(tmp_path, tmp_path / "none") is None
    assert network_file_system(tmp_path) is None
