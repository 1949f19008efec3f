from tests.unit.artwork.design_fixtures import (
    badge,
    badge_fields,
    badge_renderer,
    debit,
    debit_fields,
    debit_renderer,
)

__all__ = ["badge", "badge_fields", "badge_renderer", "debit", "debit_fields", "debit_renderer"]
