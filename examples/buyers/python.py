import json
import os
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock

from is_signed import is_signed

secret = os.environ.get("GAVEL_SECRET", "")
if not secret.startswith("whsec_"):
    raise SystemExit("Set GAVEL_SECRET to your secret, which starts with whsec_")

posts = {}  # Answers to posts by post_id. Use a database with a unique index on post_id.
lock = Lock()


def answer_to(message: dict) -> dict:
    match message["type"]:
        case "ping":
            return {"bid": 31.0 if message.get("state") == "TX" and message["floor"] <= 31 else 0}
        case "post":
            # Posts may be retried: give the same answer, and take the lead only once.
            if message["post_id"] not in posts:
                posts[message["post_id"]] = take(message["lead"])
            return posts[message["post_id"]]
        case "post_cancelled":
            posts[message["post_id"]] = {"accepted": False, "reason": "cancelled"}  # Drop the lead if you took it.
            return {}
        case "post_status":
            return posts.get(message["post_id"], {"accepted": None})
        case _:
            print(message, flush=True)  # A notice: won, billed, lost, …
            return {}


def take(lead: dict) -> dict:
    """Store the lead in your system, or refuse it."""
    return {"accepted": True} if lead.get("phone") else {"accepted": False, "reason": "no phone"}


class Buyer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # Keeps connections alive.
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        body = self.rfile.read(int(length) if re.fullmatch("[0-9]{1,6}", length) else 0)  # As received.
        signed = is_signed(secret, self.headers, body)
        self.close_connection = not signed
        with lock:
            answer = json.dumps(answer_to(json.loads(body)) if signed else {}).encode()
        self.send_response(200 if signed else 401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


ThreadingHTTPServer.request_queue_size = 128  # Its default of 5 drops connections when leads come at once.
ThreadingHTTPServer(("", int(os.environ.get("PORT", "8080"))), Buyer).serve_forever()
