"""Anthropic-shaped `/v1/messages`."""

from __future__ import annotations

from tests.endpoints.server.behaviour import Body
from tests.endpoints.server.network import NAME, Network
from tests.endpoints.server.openai import split_thoughts


def messages(network: Network, body: Body) -> Body:
    """Blocks of thinking and text; the system prompt stands apart, and no seed is taken."""
    system = [{"role": "system", "content": body["system"]}] if "system" in body else []
    ids = network.chat([*system, *body["messages"]])
    settings = {name: body[name] for name in ("temperature", "top_p") if name in body}
    written = network.write(ids, {**settings, "seed": 0}, int(body["max_tokens"]))
    reasoning, text = split_thoughts(network.text(written.token_ids))
    if reasoning is None and network.behaviour.reasoning is not None:
        reasoning = "because"
    blocks: list[Body] = [] if reasoning is None else [{"type": "thinking", "thinking": reasoning, "signature": ""}]
    reason = "end_turn" if written.stopped else "max_tokens"
    if network.behaviour.refuses is not None and network.behaviour.refuses in body["messages"][-1]["content"]:
        reason = "refusal"
    counts = {"input_tokens": len(ids), "output_tokens": len(written.token_ids), "cache_read_input_tokens": 0}
    content = [*blocks, {"type": "text", "text": text}]
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": NAME,
        "content": content,
        "stop_reason": reason,
        "usage": counts,
    }
