"""A server on loopback that hands out files, or fails in the way it is told to."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FileServer:
    """What the server has and does.

    Attributes
    ----------
    files : dict of bytes
        By path, which begins with a slash.
    requested : list of str
        The paths that were asked for.
    n_failures : int
        So many further requests are answered with an error, or broken off.
    breaks_off : bool
        Whether failing means to send half of a file.
    """

    def __init__(self):
        self.files, self.requested = {}, []
        self.n_failures, self.breaks_off = 0, False

    def answer(self, handler):
        """Answer a GET request."""
        self.requested.append(handler.path)
        failing, self.n_failures = self.n_failures > 0, max(0, self.n_failures - 1)
        content = self.files.get(handler.path)
        if content is None:
            handler.send_error(404)
        elif failing and not self.breaks_off:
            handler.send_error(503)
        else:
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(content)))
            handler.end_headers()
            handler.wfile.write(content[: len(content) // 2] if failing else content)


@contextmanager
def serving():
    """Run a server; yield it and its address."""
    files = FileServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            files.answer(self)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.01}
        )
        thread.start()
        try:
            yield files, f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
