"""The table of verbs: what each is called, where it lives, and one line about it. Modules are imported when chosen."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from msgspec import Struct

from forms.label import Label


class Verb(Struct, frozen=True):
    """``module`` has ``arguments(parser, verb)`` and ``run(desk, arguments) -> exit code``."""

    name: str
    module: str
    about: Label

    def load(self) -> ModuleType:
        return import_module(f"desktop.commands.{self.module}")


def _verb(name: str, module: str, vi: str, en: str) -> Verb:
    return Verb(name, module, Label(vi, en))


VERBS: tuple[Verb, ...] = (
    _verb("open", "workspace", "mở bàn làm việc (mặc định)", "open the workspace (default)"),
    _verb("demo", "demonstration", "chạy thử với phường mẫu", "try it out with a sample ward"),
    _verb("enrol", "enrolment", "đăng ký máy này cho một phường", "make this profile a device of a ward"),
    _verb("tools", "tools", "các công cụ trong danh mục", "what is in the catalogue"),
    _verb("check", "check", "tìm lỗi trong một thư mục công cụ", "every mistake in a tool folder"),
    _verb(
        "pack", "pack", "gói mẫu biểu: tạo, ký, xem, đổi từ Excel", "packs of definitions: make, sign, look, from Excel"
    ),
    _verb("sample", "sample", "tạo bản ghi mẫu (không có thật)", "believable, invented records"),
    _verb("import", "importing", "nhập bản ghi từ tệp", "take records in from a file"),
    _verb("export", "exporting", "xuất bản ghi ra tệp", "write records to a file"),
    _verb("search", "reading", "tìm bản ghi", "find records"),
    _verb("show", "reading", "xem một bản ghi", "show one record"),
    _verb("history", "reading", "lịch sử của một bản ghi", "a record's changes and deliveries"),
    _verb("act", "acting", "thực hiện một thao tác trên bản ghi", "take an action on a record"),
    _verb("proposals", "following", "những việc tiếp theo", "what comes next"),
    _verb("follow", "following", "làm việc tiếp theo của một bản ghi", "go on from a record to the next"),
    _verb("batch", "batch", "lập danh sách cho mọi người một lượt", "records for everybody at once"),
    _verb("conflicts", "conflicts", "những chỗ hai máy ghi khác nhau", "open conflicts"),
    _verb("resolve", "conflicts", "chọn giá trị cho chỗ khác nhau", "settle a conflict"),
    _verb("duplicates", "doubles", "những bản ghi có thể nhập hai lần", "records that may have been entered twice"),
    _verb("merge", "doubles", "gộp một bản ghi vào bản ghi được giữ", "merge a record into the one that is kept"),
    _verb("unmerge", "doubles", "tách lại một bản ghi đã gộp", "undo a merging"),
    _verb("outbox", "standing", "những gì đang chờ gửi và vì sao", "what waits to be sent, and why"),
    _verb("numbers", "numbers", "các số của một quyển sổ", "the numbers of a book"),
    _verb("handover", "keeping", "giao một sổ sang máy khác", "hand a book over to another PC"),
    _verb("clock", "keeping", "đồng hồ và việc cấp số; xác nhận đồng hồ", "the clock and numbering; confirm the clock"),
    _verb("print", "printing", "in một mẫu của bản ghi ra PDF", "a printout of a record as PDF"),
    _verb(
        "book", "book", "in các trang của một sổ hoặc một danh sách ra PDF", "pages of a register, or a list, as PDF"
    ),
    _verb("blanks", "blanks", "sổ phôi in sẵn: đã dùng, hỏng", "pre-printed blanks: used and spoiled"),
    _verb("calendar", "working_days", "ngày nghỉ, ngày làm bù, giờ làm việc", "days off, days worked, office hours"),
    _verb("reports", "reports", "các báo cáo và hạn gửi", "what is to be reported, and until when"),
    _verb("report", "reports", "lập một báo cáo của một kỳ", "one report over a period"),
    _verb("attach", "attaching", "đính kèm một tệp vào bản ghi", "attach a file to a record"),
    _verb("files", "files", "các tệp đính kèm và chúng đang ở đâu", "attached files and where they stand"),
    _verb("fetch-file", "files", "lấy một tệp đính kèm ra đĩa", "write an attached file to a file on disk"),
    _verb("sync", "syncing", "đồng bộ với thành phố ngay", "sync with the city now"),
    _verb("bundle", "bundle", "gửi nhận với thành phố bằng USB", "the outbox and the city's answer on a USB stick"),
    _verb("hub", "hub", "máy trung gian của phường khi mất mạng", "the ward's hub, for days without a line"),
    _verb(
        "update",
        "updates",
        "bản chương trình: đang dùng, đang chờ, nhận bản mới",
        "the program's version: take a new one",
    ),
    _verb("status", "standing", "tình trạng của máy này", "where things stand"),
    _verb("backup", "backing_up", "sao lưu sổ của máy này", "back up this PC's registers"),
    _verb("restore", "backing_up", "khôi phục một bản sao lưu", "put a backup back"),
    _verb("rollout", "rolling_out", "những gì cơ quan đã đặt cho máy", "what the office has set for this PC"),
    _verb("screenshot", "screenshot", "chụp một trang màn hình", "a picture of one page"),
    _verb("selftest", "selftest", "tự kiểm tra trên máy này", "try the program out on this PC"),
    _verb("gateway", "gateway", "cổng kết nối của thành phố", "the city's gateway"),
)
