from __future__ import annotations

from pathlib import Path

from tests.run import skipped

REPORT = """<testsuites><testsuite>
<testcase name="a"><skipped type="pytest.skip" message="no reader"/></testcase>
<testcase name="b"><skipped type="pytest.skip" message="no reader"/></testcase>
<testcase name="c"><skipped type="pytest.xfail" message="known"/></testcase>
<testcase name="d"/>
</testsuite></testsuites>"""


def test_what_was_skipped_is_told_with_its_reason_and_count(tmp_path: Path) -> None:
    (tmp_path / "integration.xml").write_text(REPORT)
    assert skipped(tmp_path) == ["2 integration tests: no reader"]


def test_nothing_is_told_where_all_was_run(tmp_path: Path) -> None:
    (tmp_path / "unit.xml").write_text(
        '<testsuites><testsuite><testcase name="a"/></testsuite></testsuites>'
    )
    assert skipped(tmp_path) == []
