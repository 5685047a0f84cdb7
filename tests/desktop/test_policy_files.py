"""The files for group policy name what the program reads, in types it takes."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from desktop.rollout_keys import KEYS, LISTS, checked

FOLDER = Path(__file__).parents[2] / "installer" / "policies"
SPACE = {"p": "http://schemas.microsoft.com/GroupPolicy/2006/07/PolicyDefinitions"}
ONE_PC = {"code"}  # one PC's own code is no policy


def parsed(name: str) -> ElementTree.Element:
    return ElementTree.fromstring((FOLDER / name).read_bytes())  # noqa: S314 - our own files


def test_every_key_is_a_policy_of_its_type() -> None:
    found = {}
    for policy in parsed("SoPhuong.admx").iterfind("p:policies/p:policy", SPACE):
        assert policy.get("key") == r"Software\Policies\SoPhuong"
        element = policy.find("p:elements/*", SPACE)
        kind = "bool" if element is None else element.tag.partition("}")[2]
        value = policy if element is None else element
        assert value.get("valueName") == policy.get("name")
        found[str(policy.get("name"))] = kind
    assert set(found) == set(KEYS) - ONE_PC
    assert {name for name, kind in found.items() if kind == "multiText"} == set(LISTS)
    assert [name for name, kind in found.items() if kind == "bool"] == ["autostart"]
    assert [name for name, kind in found.items() if kind == "decimal"] == ["backup_keep"]


@pytest.mark.parametrize("language", ["vi-VN", "en-US"])
def test_every_word_is_there(language: str) -> None:
    told = parsed(f"{language}/SoPhuong.adml")
    strings = {each.get("id") for each in told.iterfind("p:resources/p:stringTable/p:string", SPACE)}
    shown = {each.get("id") for each in told.iterfind("p:resources/p:presentationTable/p:presentation", SPACE)}
    text = (FOLDER / "SoPhuong.admx").read_text("utf-8")
    assert set(re.findall(r"\$\(string\.(\w+)\)", text)) <= strings
    assert set(re.findall(r"\$\(presentation\.(\w+)\)", text)) == shown
    for element in parsed("SoPhuong.admx").iterfind("p:policies/p:policy/p:elements/*", SPACE):
        refers = {x.get("refId") for x in told.iter() if x.get("refId")}
        assert element.get("id") in refers


def registry_values() -> dict[str, Any]:
    """As Windows would have them after ``reg import``."""
    text = (FOLDER / "SoPhuong.reg").read_bytes().decode("utf-16")
    values: dict[str, Any] = {}
    for name, value in re.findall(r'^"(\w+)"=(.*?)\r?$', text, re.MULTILINE):
        if value.startswith("hex(7):"):
            raw = bytes(int(part, 16) for part in value[7:].split(","))
            values[name] = [part for part in raw.decode("utf-16-le").split("\0") if part]
        elif value.startswith("dword:"):
            values[name] = int(value[6:], 16)
        else:
            values[name] = value.strip('"').replace("\\\\", "\\")
    return values


def test_the_samples_are_taken_whole() -> None:
    for values, policy in (
        (registry_values(), True),
        (tomllib.loads((FOLDER / "rollout.toml").read_text("utf-8")), False),
    ):
        assert values
        for name, value in values.items():
            assert checked(name, value, policy=policy)[1] is None, name


def test_what_the_sample_leaves_out_is_taken_too() -> None:
    text = (FOLDER / "rollout.toml").read_text("utf-8")
    whole = re.sub(r"^# (\w+ = )", r"\1", text, flags=re.MULTILINE)
    values = tomllib.loads(whole)
    assert set(values) == set(KEYS) - ONE_PC
    assert values["backup_to"] == ["\\\\may-chu\\sao-luu", "E:\\SaoLuu"]
    for name, value in values.items():
        assert checked(name, value, policy=False)[1] is None, name
