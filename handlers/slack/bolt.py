"""The Bolt application: dispatching alone. Signatures, tokens, OAuth and redeliveries are ours."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from handlers.errors import Errors
from handlers.slack.authorize import Authorize

_LOG = logging.getLogger("slack_bolt.statusquo")
_LOG.setLevel(logging.CRITICAL)  # below that Bolt logs whole payloads; what fails is logged by handlers.errors


def bolt_app(authorize: Authorize, errors: Errors, client: AsyncWebClient, *, not_installed: str) -> AsyncApp:
    """A Bolt application without listeners.

    `client` carries every call (its token is replaced for each request); `not_installed` is the sentence for a
    workspace that is not ours (any more).
    """
    with _environment_unseen():
        bolt = AsyncApp(
            name="statusquo",
            logger=_LOG,
            client=client,
            authorize=authorize,  # type: ignore[arg-type]  # Bolt takes an AsyncAuthorize as well, and says so in its code alone
            user_facing_authorize_error_message=not_installed,
            # Listeners store a fact and answer: waiting for `ack` in steps would only add 10 ms to each.
            process_before_response=True,
            request_verification_enabled=False,  # done before anything is parsed
            ssl_check_enabled=False,
            url_verification_enabled=False,
            ignoring_self_events_enabled=False,  # nothing that a bot does is subscribed
            attaching_function_token_enabled=False,
        )
    bolt.error(errors.on_bolt_error)
    return bolt


@contextmanager
def _environment_unseen() -> Iterator[None]:
    """Bolt takes SLACK_CLIENT_ID and others from the environment behind our back, and would set up its own OAuth."""
    hidden = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("SLACK_")}
    try:
        yield
    finally:
        os.environ.update(hidden)
