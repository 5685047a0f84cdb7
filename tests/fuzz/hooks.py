"""What schemathesis runs with (in a venv of its own): words that a real request has, and the look for another ward's secrets."""

from __future__ import annotations

import json
import os
import random
from typing import Any

import requests
import schemathesis

TOLD: dict[str, Any] = json.loads(os.environ["FUZZ_TOLD"])
"""``words``: key → values that mean something in one of the two wards; ``secrets``: what only the other ward may see."""
_dice = random.Random(7)


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Half of the requests speak of what is really there, the other ward's things among it. None waits for news."""
    if isinstance(case.body, dict) and isinstance(case.body.get("wait"), int):
        case.body["wait"] = min(1, case.body["wait"])
    if _dice.random() < 0.5:
        return
    if isinstance(case.body, (dict, list)):
        case.body = _meant(case.body)
    mark = TOLD["marks"].get(case.operation.path)
    if mark and isinstance(case.body, dict) and _dice.random() < 0.8:
        case.body["known"] = mark
        for name in ("cursors", "places"):  # as many as there are streams
            if case.body.get(name):
                case.body[name] = _dice.choice(TOLD["words"][name])
    if case.path_parameters:
        case.path_parameters = {k: _word(k, v) for k, v in case.path_parameters.items()}


def _meant(value: Any, key: str = "") -> Any:
    if (whole := _word(key, value)) is not value:
        return whole
    if isinstance(value, dict):
        return {k: _meant(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [_meant(each) for each in value]
    return value


def _word(key: str, value: Any) -> Any:
    known = TOLD["words"].get(key)
    return _dice.choice(known) if known and _dice.random() < 0.8 else value


@schemathesis.serializer("application/offset+octet-stream", "application/x-line1", "application/msgpack")
def as_it_is(context: Any, value: Any) -> bytes:
    """Bytes that no one made for this form, among them those of another one."""
    return value if isinstance(value, bytes) else json.dumps(value, default=str).encode()


@schemathesis.check
def no_leak(ctx: Any, response: Any, case: Any) -> None:
    """Nothing that only the other ward may see is in an answer."""
    content = response.content
    for secret in TOLD["secrets"]:
        assert secret.encode() not in content, f"an answer tells the other ward's {secret!r}"


def sees_secrets() -> bool:
    """Whether the other ward itself is told them: else the look for them would prove nothing."""
    headers = {"Authorization": f"Bearer {TOLD['other_token']}", "Content-Type": "application/json"}
    body = {"ward": TOLD["other_ward"], "scope": "people"}
    answer = requests.post(f"{TOLD['url']}/v1/pull", json=body, headers=headers, timeout=10)
    return all(secret.encode() in answer.content for secret in TOLD["secrets"])


assert sees_secrets(), "the other ward does not see its own records"
