"""Flask app that sends with a BlockingClient, shared by all threads and worker processes.

Run: pip install flask; flask --app examples/send_flask.py run

Credentials, region and, for a test server, AWS_ENDPOINT_URL come from the environment.
"""

from flask import Flask, request

import sesmail

app = Flask(__name__)
client = sesmail.BlockingClient(timeout=10, retry=sesmail.RetryPolicy(attempts=2))


@app.post("/reset")
def reset_password() -> tuple[str, int]:
    message = sesmail.Message(
        from_email="Shop <shop@example.com>",
        to=request.form["email"],
        subject="Reset your password",
        text="https://example.com/reset",
    )
    try:
        return client.send(message).message_id, 200
    except sesmail.SendError as error:
        return f"try again: {error.outcome}", 503
