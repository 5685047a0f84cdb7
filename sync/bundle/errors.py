"""Why a bundle cannot be made or taken."""

from __future__ import annotations

from forms.label import Label


class BundleError(Exception):
    """``code`` is stable; ``label`` says what is wrong and what to do. Nothing was changed."""

    def __init__(self, code: str, vi: str, en: str) -> None:
        super().__init__(vi)
        self.code = code
        self.label = Label(vi, en)


def cut_short() -> BundleError:
    return BundleError(
        "cut",
        "Gói USB chưa được chép trọn, phần cuối bị thiếu. Chép lại tệp từ nơi đã làm ra nó.",
        "The bundle was not copied whole, its end is missing. Copy the file again from where it was made.",
    )


def no_bundle() -> BundleError:
    return BundleError(
        "not_a_bundle", "Tệp này không phải gói USB của Sổ Phường.", "This file is no bundle of Sổ Phường."
    )


def tampered() -> BundleError:
    return BundleError(
        "tampered",
        "Gói USB đã hỏng hoặc bị người khác sửa, nên không dùng được. Làm lại gói mới.",
        "The bundle is damaged or was changed by somebody, and is not used. Make a new one.",
    )
