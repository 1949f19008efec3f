"""The Kafka protocol behind two small classes: batches in, batches out, nothing transactional."""

from cardwright.bus.consumer import Consumer
from cardwright.bus.message import Inbound, Outbound
from cardwright.bus.producer import Producer

__all__ = ["Consumer", "Inbound", "Outbound", "Producer"]
