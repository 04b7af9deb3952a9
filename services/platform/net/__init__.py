"""HTTP to addresses that a person typed: checked where the connection is made, capped in time and size."""

from services.platform.net.addresses import AddressRules, clean
from services.platform.net.client import BODY_LIMIT, USER_AGENT, Fetcher, GuardedClient, HttpResponse, error_for

__all__ = ["BODY_LIMIT", "USER_AGENT", "AddressRules", "Fetcher", "GuardedClient", "HttpResponse", "clean", "error_for"]
