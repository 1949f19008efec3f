"""What an operator does: signed commands about cards, stock received and loaded."""

from cardwright.operator.desk import Operator, load_hopper, open_operator

__all__ = ["Operator", "load_hopper", "open_operator"]
