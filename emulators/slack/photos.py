"""Profile pictures: users.setPhoto and users.deletePhoto, what a profile shows of one, and where it is served.

docs.slack.dev/reference/methods/users.setPhoto: 512 to 1,024 pixels, GIF, JPEG or PNG with "its correct Content-type"
on the part, a square crop box, `too_many_frames` for an animated one. The published shape of its answer: `avatar_hash`
has 12 hexadecimal digits. `image_original` and `is_custom_image` are of those who have a picture of their own
(docs.slack.dev/apis/web-api/user-presence-and-status). An address dies with the picture (seen: cesko-digital/app#1126).
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from emulators.faults import Fault
from emulators.slack.pictures import NoPictureError, alike, facts_of, plain_png, square
from emulators.slack.state import APP, PERSON, MemberPicture, RefusalError, SlackMember, UploadedPart

if TYPE_CHECKING:
    from emulators.slack.methods import Answer, ApiRequest
    from emulators.slack.server import LocalSlack

SIZES = (24, 32, 48, 72, 192, 512, 1024)
_LEAST, _MOST = 512, 1024
_NAME = re.compile(r"(default|[0-9a-f]{12})-(\d+|original)")


@dataclass(frozen=True, slots=True)
class PictureFetched:
    """A picture that was asked for at its address: whose, what was answered, and whether a token was sent along."""

    user_id: str
    status: int
    with_token: bool


class ProfilePhotos:
    """What people do with their picture by hand, and what is shown. `fetched` lists who asked for which picture."""

    def __init__(self, slack: LocalSlack) -> None:
        self._slack = slack
        self.fetched: list[PictureFetched] = []
        self._own: dict[str, MemberPicture | None] = {}

    def upload(
        self, user_id: str, content: bytes, content_type: str = "image/png", *, crop: tuple[int, int, int] | None = None
    ) -> MemberPicture:
        """A person sets their own picture by hand. Raises RefusalError as the method does."""
        member = self._slack.member(user_id)
        return self.become(member, UploadedPart("photo", content_type, content), crop, PERSON)

    def remove(self, user_id: str) -> None:
        """A person removes their own picture by hand."""
        self.drop(self._slack.member(user_id), PERSON)

    def of(self, user_id: str) -> MemberPicture | None:
        """The picture that a person shows; None for the default one."""
        return self._slack.member(user_id).picture

    def own_face(self, user_id: str) -> bool:
        """Whether a person shows the picture, or the default one, that they last chose by hand, whoever set it."""
        own, shown = self._own.get(user_id), self._slack.member(user_id).picture
        if own is None or shown is None:
            return own is shown
        return alike((own.content, own.crop), (shown.content, shown.crop))

    def become(
        self, member: SlackMember, image: UploadedPart, crop: tuple[int, int, int] | None, by: str
    ) -> MemberPicture:
        """Set a picture, if Slack would take it. Raises RefusalError."""
        try:
            facts = facts_of(image.content)
        except NoPictureError as error:
            raise RefusalError("bad_image") from error
        if image.content_type != facts.content_type:
            raise RefusalError("bad_image")
        if max(facts.width, facts.height) > _MOST:
            raise RefusalError("too_large")
        if facts.animated:
            raise RefusalError("too_many_frames")
        if min(facts.width, facts.height) < _LEAST:
            raise RefusalError("bad_image")
        if crop is not None:
            x, y, side = crop
            if side < 1 or x + side > facts.width or y + side > facts.height:
                raise RefusalError("bad_image")
        digest = hashlib.sha256(f"{self._slack.number()}".encode() + image.content).hexdigest()[:12]
        picture = MemberPicture(image.content, facts.content_type, facts.width, facts.height, crop, digest, by)
        self._change(member, picture, by)
        return picture

    def drop(self, member: SlackMember, by: str) -> None:
        """Take a picture away, if there is one."""
        if member.picture is not None:
            self._change(member, None, by)

    def fields(self, member: SlackMember) -> dict[str, str]:
        """What a profile shows of the picture: addresses and `avatar_hash`."""
        picture = member.picture
        place = f"{self._slack.url}/avatars/{member.user_id}-{picture.hash if picture else 'default'}"
        fields = {f"image_{size}": f"{place}-{size}" for size in SIZES}
        if picture is None:
            return fields | {"avatar_hash": hashlib.sha256(member.user_id.encode()).hexdigest()[:12]}
        return fields | {"image_original": f"{place}-original", "avatar_hash": picture.hash}

    async def serve(self, request: web.Request) -> web.Response:
        """A picture at its address, to anybody; 404 where it is no longer shown. The default ones stay.

        Faults of `avatars` are met here: `latency`, `status`, a `body` of bytes instead, `truncate`, `drop`.
        """
        user_id, _, name = request.match_info["picture"].partition("-")
        found, member = _NAME.fullmatch(name), self._slack.members.get(user_id)
        answer = web.Response(status=404)
        if found is not None and member is not None:
            answer = self._picture(member, *found.groups())
            fault = self._slack.faults.at_method("avatars", member.team_id, user_id)
            if fault is not None:
                await asyncio.sleep(fault.latency)
                answer = _failing(fault, answer, request)
        self.fetched.append(PictureFetched(user_id, answer.status, "Authorization" in request.headers))
        return answer

    def _picture(self, member: SlackMember, whose: str, size: str) -> web.Response:
        picture = member.picture
        if whose == "default" and size.isdecimal() and int(size) in SIZES:
            colour = hashlib.sha256(member.user_id.encode()).digest()
            body = plain_png(int(size), int(size), (colour[0], colour[1], colour[2]))
            return web.Response(body=body, content_type="image/png")
        if picture is None or whose != picture.hash:
            return web.Response(status=404)
        if size == "original":
            return web.Response(body=picture.content, content_type=picture.content_type)
        if int(size) not in SIZES:
            return web.Response(status=404)
        return web.Response(body=square(picture.content, picture.crop, int(size)), content_type="image/png")

    def _change(self, member: SlackMember, picture: MemberPicture | None, by: str) -> None:
        before, member.picture = member.picture, picture
        if by == PERSON:
            self._own[member.user_id] = picture
        member.updated = int(self._slack.clock.now().timestamp())
        self._slack.note(member, "photo", by, before, picture, whose=before.by if before else "")
        self._slack.member_changed(member)
        self._slack.deliveries.user_event("user_profile_changed", member)


def _failing(fault: Fault, answer: web.Response, request: web.Request) -> web.Response:
    """The answer as a fault has it."""
    if fault.drop and request.transport is not None:
        request.transport.abort()
    whole = answer.body if isinstance(answer.body, bytes) else b""
    if fault.truncate:
        whole = whole[: len(whole) // 2]
    body = fault.body if isinstance(fault.body, bytes) else whole
    return web.Response(body=body, status=fault.status or answer.status, content_type=answer.content_type)


def set_photo(request: ApiRequest) -> Answer:
    """users.setPhoto: `image` is a part of a multipart body, the crop values are strings."""
    image = request.arguments.get("image")
    if not isinstance(image, UploadedPart):
        raise RefusalError("bad_image")
    given = [request.text(name) for name in ("crop_x", "crop_y", "crop_w")]
    if any(given) and not all(value.isascii() and value.isdecimal() for value in given):
        raise RefusalError("invalid_arguments")
    crop = (int(given[0]), int(given[1]), int(given[2])) if any(given) else None
    request.slack.photos.become(request.owner, image, crop, APP)
    return {"ok": True, "profile": request.slack.photos.fields(request.owner)}


def delete_photo(request: ApiRequest) -> Answer:
    """users.deletePhoto."""
    request.slack.photos.drop(request.owner, APP)
    return {"ok": True}
