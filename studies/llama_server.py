"""llama.cpp's own server, from the package `xllamacpp` (the extra `gguf`)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from potstill.errors import MissingExtraError


@contextmanager
def llama_server(model: Path, *, exact: bool = False, context: int = 512) -> Iterator[str]:
    """The address of a server of a GGUF model, as `http://HOST:PORT`.

    Args:
        model: a GGUF file.
        exact: a key-value cache of float32 and no flash attention, which rounds to float16 as well; else llama.cpp's defaults.
        context: tokens that it reads and writes together.

    Raises:
        MissingExtraError: the package is not installed.
    """
    try:
        import xllamacpp
    except ImportError:
        raise MissingExtraError.of("xllamacpp", "gguf", "llama.cpp's server") from None
    settings = xllamacpp.CommonParams()
    settings.model.path, settings.n_ctx, settings.port = str(model), context, 0
    settings.n_parallel, settings.warmup, settings.cpuparams.n_threads = 1, False, 1
    if exact:
        settings.cache_type_k = settings.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
        settings.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    server = xllamacpp.Server(settings)
    try:
        yield str(server.listening_address)
    finally:
        del server
