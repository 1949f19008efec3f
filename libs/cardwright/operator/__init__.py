"""What an operator does: signed commands about cards, stock received and loaded."""

from cardwright.operator.desk import (
    FORM_MATERIAL,
    Operator,
    load_forms,
    load_hopper,
    open_operator,
)

__all__ = ["FORM_MATERIAL", "Operator", "load_forms", "load_hopper", "open_operator"]
