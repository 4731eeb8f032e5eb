from __future__ import annotations

from pathlib import Path

import torch

from potstill.export.sizes import sizes
from potstill.types import Scorecard
from tests.evaluate.setting import network, saved


def test_sizes_by_hand(tmp_path: Path) -> None:
    # embedding 640 x 16 (tied), attention 4 x 16 x 16, MLP 3 x 16 x 24, norms 3 x 16
    student, parameters = network(0), 640 * 16 + 4 * 16 * 16 + 3 * 16 * 24 + 3 * 16
    teacher = network(1, num_hidden_layers=3)
    folder = tmp_path / "safetensors"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(bytes(1000))
    (folder / "README.md").write_bytes(bytes(24))
    card = Scorecard(tuple(sizes(teacher, student, {"safetensors": folder})))
    of_teacher = parameters + 2 * (4 * 16 * 16 + 3 * 16 * 24 + 2 * 16)
    assert card.find("parameters", "safetensors").value == parameters
    assert card.find("parameters", "teacher").value == of_teacher
    assert card.find("parameters_ratio", "safetensors").value == parameters / of_teacher
    assert card.find("bytes", "safetensors", "weights").value == 1000
    assert card.find("bytes", "safetensors", "folder").value == 1024
    assert card.find("bytes_ratio", "safetensors", "weights").value == 1000 / (4 * of_teacher)
    assert card.find("bytes", "teacher", "weights").by == "as loaded, float32"


def test_a_teacher_with_files_is_measured_by_them(tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    folder = saved(tmp_path / "teacher", 0)
    teacher = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16)
    finding = Scorecard(tuple(sizes(teacher, network(0), {}))).find("bytes", "teacher", "weights")
    assert (finding.value, finding.by) == ((folder / "model.safetensors").stat().st_size, "files of weights")


def test_a_teacher_without_a_network_has_no_size(tmp_path: Path) -> None:
    found = sizes(None, network(0), {"int8": tmp_path})
    assert {f.name for f in found} == {"parameters", "bytes"}
    assert {f.subject for f in found} == {"int8"}
