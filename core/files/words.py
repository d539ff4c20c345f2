"""Sentences for the codes with which ``media`` says what is wrong with bytes, and core why a file was not taken."""

from collections.abc import Mapping
from typing import Any

from core.i18n import _, _l

_UPLOADS: dict[str, Any] = {
    "upload_missing": _l("This upload does not exist or has expired. Choose the file again."),
    "upload_finished": _l("This upload is already complete."),
    "upload_superseded": _l("The upload goes on over a newer connection."),
    "upload_too_long": _l("More bytes arrived than the %(total)s that were announced. Choose the file again."),
    "upload_incomplete": _l("Only %(offset)s of %(total)s bytes have arrived. Choose the file again to go on."),
    "offset_mismatch": _l("The upload stands at byte %(offset)s. Go on from there."),
    "checksum_unreadable": _l("The checksum must be an algorithm and a base64 value, such as “sha1 Kq5s…”."),
    "checksum_unknown": _l("The checksum algorithm “%(algorithm)s” is not known. Use sha1, sha256 or md5."),
    "checksum_mismatch": _l("This piece was damaged on its way. Send it again."),
    "storage_full": _l("The server has no room left for this file. Tell the operator; what has arrived is kept."),
    "object_missing": _l("The file is not in the store any more. Upload it again."),
    "key_invalid": _l("The store does not accept this name."),
    "signature_invalid": _l("This link is not valid. Open the page again to get a new one."),
    "signature_expired": _l("This link has expired. Open the page again to get a new one."),
}

_REFUSALS: dict[str, Any] = {
    "not_video": _l("The file is not a video: upload MP4, MOV, MKV or WebM."),
    "not_audio": _l("The file is not a sound recording: upload MP3, M4A or WAV."),
    "not_image": _l("The file is not a picture: upload JPEG, PNG or WebP."),
    "not_document": _l("The file is not a document: upload PDF, Word, PowerPoint or Excel."),
    "not_accepted": _l(
        "This kind of file is not accepted: upload a video, a sound recording, a picture, PDF or Office."
    ),
    "no_picture": _l(
        "There is sound in this file but no picture. Upload a video, or export it again with its picture."
    ),
    "unplayable_container": _l("Browsers cannot play this kind of file. Export it as MP4 and upload that."),
    "unplayable_video_codec": _l("Browsers cannot play this picture format. Export it as MP4 (H.264) and upload that."),
    "unplayable_pixel_format": _l(
        "Browsers cannot play these colours. Export it as MP4 (H.264, 8 bit) and upload that."
    ),
    "unplayable_audio_codec": _l("Browsers cannot play this sound format. Export it as MP4 with AAC sound."),
    "lesson_gone": _l("The lesson was removed while the file was on its way. Bring it back and upload the file again."),
    "course_still": _l("The course is in review or archived, so its lessons stand still. Upload again after that."),
    "finish_broke": _l("The file could not be checked because of a fault on our side. Upload it again."),
}

_RECORDINGS: dict[str, Any] = {
    "file_empty": _l("The file is empty (0 bytes)."),
    "playlist": _l("This is a playlist, not the recording itself. Upload the recording."),
    "not_a_recording": _l("This is no video or audio file; its content is %(media_type)s."),
    "index_missing": _l(
        "The recording was cut off while being saved, so it cannot be played. Export or copy it again."
    ),
    "unreadable": _l("The recording is damaged and cannot be read. Export it again."),
    "no_streams": _l("There is neither picture nor sound in this file."),
    "no_frames": _l("The file describes a recording but holds none of it. Export it again."),
    "too_many_streams": _l("The file holds %(count)s streams; at most %(limit)s are accepted."),
    "picture_too_large": _l("The picture is %(width)s × %(height)s; that is more than can be handled."),
    "too_long": _l("The recording is %(hours)s hours long; at most %(limit)s are accepted."),
    "truncated": _l("The recording is cut off before its end. Compare it with your own file."),
    "stream_unreadable": _l("Stream %(index)s of the file is in a form nobody knows."),
    "remux_failed": _l("The recording could not be prepared for playing. Export it as MP4 and upload that."),
    "remux_shorter": _l("A part of the recording was lost when preparing it. Export it as MP4 and upload that."),
    "tool_missing": _l("The program “%(tool)s” is missing on the server. Tell the operator."),
    "tool_gave_up": _l("Checking the file took too long. Export it again, or upload it in parts."),
    "tool_failed": _l("Checking the file made more data than it may. Export it again."),
}

_PICTURES: dict[str, Any] = {
    "image_empty": _l("The file is empty (0 bytes)."),
    "image_too_many_bytes": _l("The picture is larger than %(limit_mb)s MB. Choose a smaller one."),
    "image_unknown": _l("This is no picture that can be used. Choose JPEG, PNG, WebP or GIF."),
    "image_damaged": _l("The picture is damaged and cannot be read. Choose another one."),
    "image_too_large": _l("The picture has too many pixels. Make it smaller first."),
    "image_too_small": _l(
        "The picture is %(width)s × %(height)s pixels; it needs at least %(least)s on each side. Choose a larger one."
    ),
}

_CAPTIONS: dict[str, Any] = {
    "captions_empty": _l("The file is empty (0 bytes)."),
    "captions_too_long": _l("A caption file has at most %(limit_mb)s MB; this one is larger."),
    "captions_not_text": _l("This is not a text file. Captions are WebVTT (.vtt) or SubRip (.srt)."),
    "captions_unknown": _l("There are no caption times in this file. Captions are WebVTT (.vtt) or SubRip (.srt)."),
    "encoding_converted": _l("The file is in %(encoding)s; it was converted to UTF-8."),
    "bytes_damaged": _l("%(count)s characters could not be read and are shown as “�”."),
    "signature_malformed": _l("The first line must be “WEBVTT” and nothing before it; the file was read as SRT."),
    "timing_malformed": _l("These times cannot be read, so the caption is left out: %(text)s"),
    "timing_comma": _l("WebVTT writes times with a dot (00:00:01.000), so this caption is left out: %(text)s"),
    "orphan_text": _l("This text has no times, so it is left out: %(text)s"),
    "late_block": _l("%(block)s must come before the first caption, so it is left out."),
    "setting_ignored": _l("The setting %(setting)s is not valid and has no effect."),
    "region_unknown": _l("There is no region %(region)s; the caption is shown in its usual place."),
    "tag_ignored": _l("The tag <%(tag)s> is not known and has no effect."),
    "cue_empty": _l("This caption has no text and is left out."),
    "ends_before_start": _l("This caption ends before it begins, so it is never shown and is left out."),
    "out_of_order": _l("This caption begins before the one above it; they were put in order."),
    "no_cues": _l("There is no caption in this file."),
    "too_many_problems": _l("There are more problems than are listed here."),
}

SENTENCES = {**_UPLOADS, **_REFUSALS, **_RECORDINGS, **_PICTURES, **_CAPTIONS}


def sentence(code: str, params: Mapping[str, Any]) -> str:
    """What a code means, in the reader's language."""
    words = SENTENCES.get(code)
    if words is None:
        return _("The file could not be used (%(code)s).", code=code)
    filled = {**params, "limit_mb": int(params.get("limit", 0)) // 1024**2} if params else {}
    return str(words) % filled if filled else str(words)
