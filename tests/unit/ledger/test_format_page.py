"""The format's page names every reason that the code can give."""

import re
from pathlib import Path

import earwitness.ledger

PACKAGE = Path(earwitness.ledger.__file__).parent
PAGE = Path(__file__).resolve().parents[3] / "docs" / "formats" / "ledger.md"
REASON = re.compile(r'(?:reason=|_invalid\(|_refused\(|return |, )"([a-z0-9]+(?:-[a-z0-9]+)+)"')
NO_REASONS = {"ledger-disk"}  # a thread's name


def test_every_reason_is_documented() -> None:
    reasons = {reason for file in PACKAGE.glob("*.py") for reason in REASON.findall(file.read_text())} - NO_REASONS
    page = PAGE.read_text()
    assert len(reasons) > 40
    assert sorted(reason for reason in reasons if f"`{reason}`" not in page) == []
