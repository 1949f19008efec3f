from __future__ import annotations

import pytest

from cardwright.driver import DeviceAddress, DeviceAddressError, parse_addresses


def test_machines_are_listed_in_order() -> None:
    assert parse_addresses("printer-1=127.0.0.1:7501, printer-2=cards.example:7502,\n") == [
        DeviceAddress("printer-1", "127.0.0.1", 7501),
        DeviceAddress("printer-2", "cards.example", 7502),
    ]
    assert parse_addresses("p=[::1]:1") == [DeviceAddress("p", "::1", 1)]
    assert parse_addresses("") == []


@pytest.mark.parametrize("text", ["printer-1", "p=h", "p=h:0", "p=h:65536", "P=h:1", "a=h:1,a=h:2"])
def test_what_is_no_list_of_machines_is_refused(text: str) -> None:
    with pytest.raises(DeviceAddressError):
        parse_addresses(text)
