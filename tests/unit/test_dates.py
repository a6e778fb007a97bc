"""What has the form of a date is quoted where this project writes YAML, also a day that does not exist."""

import pytest
import yaml
from bulkhead.cli.commands.values import _dumped
from bulkhead.io.yaml.nodes import documents, looks_like_date, reads_as_text

DATES = ["2026-02-30", "2026-13-01", "2026-1-1", "2026-02-30T10:00:00Z", "2026-02-28", "2026-02-28 10:00:00"]
OTHERS = ["no", "y", "On", "~", "null", "1e3", "0o17", "0x1f", "08", "1_000", "22:30", ".inf", "=", "<<", ""]


@pytest.mark.parametrize("text", [*DATES, *OTHERS])
def test_values_are_read_back_as_the_text_that_they_were(text: str) -> None:
    written = _dumped({"why": text})
    assert yaml.safe_load(written) == {"why": text}
    assert [each.value for each in documents(written)] == [{"why": text}]


@pytest.mark.parametrize("text", DATES)
def test_form_of_a_date_is_known(text: str) -> None:
    assert looks_like_date(text)


def test_day_that_does_not_exist_is_text_to_kustomize() -> None:
    assert reads_as_text("2026-02-30") and not reads_as_text("2026-02-28")
