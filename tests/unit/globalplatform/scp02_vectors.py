"""SCP02 exchanges with real cards and tools, as others published them.

PYSIM: osmocom pySim, tests/unittests/test_globalplatform.py, SCP02_Test: level 01.
KAOH_MAC, KAOH_ENC: kaoh/globalplatform, globalplatform/src/scp02Test.c, get_status_mac_only and
install_mac_enc: i=15, levels 01 and 03, with the commands that its functions build.
R_MAC: martinpaljak/GlobalPlatformPro, issue 218: a card's answer at level 13; the card challenge is
the pseudo-random one, so that i is 75.
BLOG: chenpengcong/blog, issue 31: a card of i=55, its security domain's AID, its challenge and
cryptogram.
"""

from __future__ import annotations

from typing import NamedTuple

from cardwright.globalplatform.keys import KeyAlgorithm, StaticKeys
from cardwright.secret import SecretBytes


class Vector(NamedTuple):
    keys: tuple[str, str, str]
    host_challenge: str
    response: str
    external_authenticate: str
    exchanges: tuple[tuple[str, str], ...]
    """Command in clear, command wrapped."""

    def key_set(self) -> StaticKeys:
        enc, mac, dek = (SecretBytes(bytes.fromhex(key)) for key in self.keys)
        return StaticKeys(enc, mac, dek, algorithm=KeyAlgorithm.TDES)


TEST_KEY = "404142434445464748494A4B4C4D4E4F"
CARD_MANAGER = bytes.fromhex("A000000151000000")

PYSIM = Vector(
    (
        "100102030405060708090A0B0C0D0E0F",
        "101102030405060708090A0B0C0D0E0F",
        "102102030405060708090A0B0C0D0E0F",
    ),
    "40A62C37FA6304F8",
    "00000000000000000000700200016B4524ABEE7CF32EA3838BC148F3",
    "8482010010BA6961667737C5BCEBECE14C7D6A4376",
    (
        ("80F22002", "84F220020814DB34FA4341DCA8"),
        ("80CA006600", "84CA00660855ED7C5FF069512B00"),
        ("80F220020A4F0212345C054F9F70C5", "84F22002124F0212345C054F9F70C58FC1B380C4228AF8"),
        ("80F28002024F0000", "84F280020A4F003B95F09317DE6A4E00"),
    ),
)

KAOH_MAC = Vector(
    (TEST_KEY, TEST_KEY, TEST_KEY),
    "D5AD539A60CA5E72",
    "000074746E6E6E6262620102069FAA2A0591E73367DD78794D04315E",
    "84820100107C799B3C771DBAE6BEF49310977617BA",
    (("80F22002024F0000", "84F220020A4F00BB6E71C0EFCFCF0D00"),),
)

KAOH_ENC = Vector(
    (TEST_KEY, TEST_KEY, TEST_KEY),
    "EBAA9E53C696281B",
    "000074746E6E6E626262010206A15086BBEE58F467149061DA4B6EAE",
    "848203001005814C116071EB67D8BA9D9879454564",
    (
        (
            "80E400800A4F08D0D1D2D3D4D5010100",
            "84E4008018BC146FA0403BE4BAD3BC089E4ABD8674DA7EFEA21047B85800",
        ),
        (
            "80E40080094F07D0D1D2D3D4D50100",
            "84E4008018C2748C1669FAFC0E20C5253680388A4A49C9A6038D77B45700",
        ),
    ),
)

R_MAC = Vector(
    (TEST_KEY, TEST_KEY, TEST_KEY),
    "4261A2F44EEC57EB",
    "0000728314662294396620020046A58399EA65DDB9E2781A25689C71",
    "8482130010FAE81DD218F60A30A0F03ED2002B63B2",
    (),
)
R_MAC_COMMAND = "80E610002010A00000000053594E4A4F4E4553535344000A53594E4A4F4E45530000000000"
R_MAC_RESPONSE = "006DFCFE5065740D309000"

BLOG = Vector(
    ("00112233445566778899AABBCCDDEEFF",) * 3,
    "1234567891234567",
    "0000000000000000000020020000B17EECA5CEB90D4AC851271C3C0D",
    "",
    (),
)
"""Its diversification data and key version are not told; zeros and 20 stand here."""

BLOG_SECURITY_DOMAIN = bytes.fromhex("A0000000660000000000000000000002")
