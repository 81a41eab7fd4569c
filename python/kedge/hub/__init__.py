"""The fleet: a hub that boards report to, signed updates for them, and how they fare."""

from kedge.hub.client import HubClient
from kedge.hub.options import HubOptions

__all__ = ["HubClient", "HubOptions"]
