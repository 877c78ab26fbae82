import base64
import hashlib
import hmac
import re
import time


def is_signed(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """Return whether the exchange sent this request. Header names must be in lower case; body is the raw body."""
    id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not re.fullmatch("[0-9]{1,12}", timestamp) or abs(time.time() - int(timestamp)) > 300:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{id}.{timestamp}.".encode() + (body or b"")
    right = b"v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
    return any(
        hmac.compare_digest(signature.encode(), right)
        for signature in headers.get("webhook-signature", "").split(" ")
    )
