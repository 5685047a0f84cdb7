"""Which versions a repository has, by its signed word."""

from __future__ import annotations

import msgspec

from sync.updates.fetching import fetch_small
from sync.updates.model import (
    LARGEST_LIST,
    LARGEST_MANIFEST,
    Manifest,
    Versions,
    damaged,
    get_manifest,
    is_version,
    manifest_name,
    version_key,
    versions_name,
)
from sync.updates.sources import Source
from sync.updates.trust import Trust


def listed_versions(trust: Trust, source: Source, platform: str) -> tuple[str, ...]:
    """In order; none where the repository has nothing for the platform. Raises as ``fetch``."""
    target = trust.target(versions_name(platform))
    if target is None:
        return ()
    try:
        listed = msgspec.json.decode(fetch_small(source, target, LARGEST_LIST), type=Versions).versions
    except msgspec.MsgspecError as error:
        raise damaged() from error
    return tuple(sorted(filter(is_version, listed), key=version_key))


def manifest_of(trust: Trust, source: Source, platform: str, version: str) -> Manifest | None:
    """None: the repository has no such version for the platform. Raises as ``fetch``."""
    target = trust.target(manifest_name(platform, version))
    if target is None:
        return None
    manifest = get_manifest(fetch_small(source, target, LARGEST_MANIFEST))
    if (manifest.platform, manifest.version) != (platform, version):
        raise damaged()
    return manifest
