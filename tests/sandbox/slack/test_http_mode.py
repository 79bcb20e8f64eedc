"""A real Bolt app in HTTP mode behind a small server: signatures, retries, interactions."""

import http.server
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.request import BoltRequest

from sandbox.slack import SlackSandbox

Headers = dict[str, str]
Serve = Callable[[App], list[Headers]]


@pytest.fixture
def serve(slack: SlackSandbox) -> Iterator[Serve]:
    """Serves an app on a free port, tells the sandbox its URL, and lists the requests' headers."""
    servers: list[http.server.ThreadingHTTPServer] = []
    seen: list[Headers] = []

    def start(app: App) -> list[Headers]:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                seen.append({key.lower(): value for key, value in self.headers.items()})
                answer = app.dispatch(BoltRequest(body=body, headers=dict(self.headers.items())))
                content = (answer.body or "").encode()
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.first_headers().get("content-type", ""))
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - stdlib name
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        slack.set_request_url(f"http://127.0.0.1:{server.server_address[1]}/slack/events")
        return seen

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_signed_requests_are_accepted_and_answered(
    slack: SlackSandbox, app: App, serve: Serve
) -> None:
    texts: list[str] = []
    arrived = threading.Event()

    @app.event("message")
    def note(event: dict[str, Any]) -> None:
        texts.append(event["text"])
        arrived.set()

    @app.command("/incident")
    def incident(ack: Any) -> None:
        ack(text="Hello", response_type="in_channel")

    headers = serve(app)
    ana = slack.person("ana")
    ana.say("hub-ops", "proxy & hub")
    assert arrived.wait(10)
    reply = ana.command("hub-ops", "/incident")

    assert reply == {"text": "Hello", "blocks": [], "response_type": "in_channel"}
    assert slack.messages("hub-ops")[-1]["text"] == "Hello"
    assert texts == ["proxy &amp; hub"]
    assert headers[0]["x-slack-signature"].startswith("v0=")


def test_a_failed_event_is_retried_with_its_number_and_reason(
    slack: SlackSandbox, app: App, serve: Serve
) -> None:
    attempts: list[int] = []

    @app.middleware
    def fail_once(next_: Any) -> Any:
        attempts.append(1)
        if len(attempts) == 1:
            raise RuntimeError("no acknowledgement")
        return next_()

    @app.event("message")
    def note() -> None:
        pass

    app.logger.disabled = True
    slack.redeliver_after(0.0)
    headers = serve(app)
    slack.person("ana").say("hub-ops", "x")
    slack.wait_for(lambda: any(delivered.acked for delivered in slack.deliveries))

    assert "x-slack-retry-num" not in headers[0]
    assert (headers[1]["x-slack-retry-num"], headers[1]["x-slack-retry-reason"]) == (
        "1",
        "http_error",
    )


def test_another_secret_is_refused(slack: SlackSandbox, client: Any, serve: Serve) -> None:
    slack.redeliver_after()
    serve(App(client=client, signing_secret="another"))
    slack.person("ana").say("hub-ops", "x")
    slack.wait_for(lambda: len(slack.deliveries) == 1)
    assert not slack.deliveries[0].acked


def test_socket_mode_comes_back(
    slack: SlackSandbox, app: App, serve: Serve, connect: Callable[[App], SocketModeHandler]
) -> None:
    headers = serve(app)
    slack.set_request_url(None)
    connect(app)
    slack.person("ana").say("hub-ops", "x")
    slack.wait_for(lambda: any(delivered.acked for delivered in slack.deliveries))
    assert headers == []
