"""Anki's own client against Anki's own sync server, for the benchmark. Runs where the package ``anki`` is installed.

``anki_peer.py FOLDER URL``: one order a line on standard input (a JSON list), one JSON answer a line.
"""

import json
import sys
import time
from pathlib import Path

from anki.collection import AddNoteRequest, Collection
from anki.sync_pb2 import SyncCollectionResponse

FULL_DOWNLOAD, FULL_SYNC, FULL_UPLOAD = (
    SyncCollectionResponse.FULL_DOWNLOAD,
    SyncCollectionResponse.FULL_SYNC,
    SyncCollectionResponse.FULL_UPLOAD,
)


class Client:
    def __init__(self, path: str, url: str) -> None:
        self._col = Collection(path)
        self._auth = self._col.sync_login("ward", "ward", url)

    def begin(self, upload: bool) -> dict:
        """The whole collection, as Anki wants it once; what is measured comes after."""
        self._col.sync_collection(self._auth, False)
        self._col.full_upload_or_download(auth=self._auth, server_usn=None, upload=upload)
        return {"ok": True}

    def fill(self, file: str) -> dict:
        """One note a record: its id, and the rest as JSON."""
        kind = self._col.models.by_name("Basic")
        requests = []
        with Path(file).open(encoding="utf-8") as lines:
            for line in lines:
                note = self._col.new_note(kind)
                note.fields = [json.loads(line)["_id"], line.rstrip("\n")]
                requests.append(AddNoteRequest(note, 1))
        for start in range(0, len(requests), 5000):
            self._col.add_notes(requests[start : start + 5000])
        return {"ok": True}

    def sync(self) -> dict:
        began = time.perf_counter()
        answer = self._col.sync_collection(self._auth, False)
        seconds = time.perf_counter() - began
        if answer.required in (FULL_DOWNLOAD, FULL_SYNC, FULL_UPLOAD):
            raise SystemExit(f"Anki wants a whole transfer: {answer.required}")
        return {"seconds": seconds, "notes": self._col.note_count()}

    def edit(self, record_id: str, field: str, value: object) -> dict:
        note = self._col.get_note(self._col.find_notes(f'Front:"{record_id}"')[0])
        document = json.loads(note.fields[1])
        note.fields[1] = json.dumps({**document, field: value}, ensure_ascii=False)
        self._col.update_note(note)
        return {"ok": True}


def main(path: str, url: str) -> None:
    client = Client(path, url)
    print(json.dumps({"ok": True}), flush=True)
    for line in sys.stdin:
        verb, *words = json.loads(line)
        print(json.dumps(getattr(client, verb)(*words)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
