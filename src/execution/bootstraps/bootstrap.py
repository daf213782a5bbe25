"""The runtime of Python functions: loads the handler, asks the Runtime API for events, posts what the handler answers.

Standard library only, and little of it: it is read at every cold start. The Runtime API is spoken on descriptor 4, a socket that nobody
else can reach; log records go to descriptor 3 as frames, so that a message of many lines stays one event. Printed lines are events by line.
"""
import importlib
import json
import logging
import os
import socket
import sys
import time
import traceback

from botocore_endpoint import EndpointFinder

LOG_FD = 3
API_FD = 4
FRAME_CHARACTERS_MAX = 1_000_000
BASE = "/2018-06-01/runtime"
NEXT = f"GET {BASE}/invocation/next HTTP/1.1\r\nHost: runtime\r\n\r\n".encode()
WARNING = (
    "LAMBDA_WARNING: Unhandled exception. The most likely cause is an issue in the function code. However, in rare cases, a Lambda "
    "runtime update can cause unexpected function behavior. For functions using managed runtimes, runtime updates can be triggered by a "
    "function change, or can be applied automatically. To determine if the runtime has been updated, check the runtime version in the "
    "INIT_START log entry. If this error correlates with a change in the runtime version, you may be able to mitigate this error by "
    "temporarily rolling back to the previous runtime version. For more information, see "
    "https://docs.aws.amazon.com/lambda/latest/dg/runtimes-update.html"
)

is_json = False
request_id = None


class Fault(Exception):
    """An error that the platform names."""

    def __init__(self, error_type, message, stack=()):
        super().__init__(message)
        self.error_type = error_type
        self.stack = list(stack)


class Api:
    """A client on one socket. An answer and the wish for the next event leave in one write; replies come in order."""

    def __init__(self):
        self.socket = socket.socket(fileno=API_FD)
        self.input = b""

    def next(self):
        self.socket.sendall(NEXT)
        return self.read()

    def post_and_next(self, path, body, error_type=None):
        self.socket.sendall(post(path, body, error_type) + NEXT)
        self.read()
        return self.read()

    def assignment(self):
        """What this process is to be, once that is known."""
        self.socket.sendall(f"GET {BASE}/assignment HTTP/1.1\r\nHost: runtime\r\n\r\n".encode())
        return json.loads(self.read()[1])

    def await_release(self):
        """Until the code of the function is there."""
        self.socket.sendall(f"GET {BASE}/release HTTP/1.1\r\nHost: runtime\r\n\r\n".encode())
        self.read()

    def init_error(self, body, error_type):
        self.socket.sendall(post("/init/error", body, error_type))
        self.read()

    def read(self):
        end = self.input.find(b"\r\n\r\n")
        while end < 0:
            self.more()
            end = self.input.find(b"\r\n\r\n")
        headers = {}
        for line in self.input[:end].decode("utf-8").split("\r\n")[1:]:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        needed = end + 4 + int(headers.get("content-length", 0))
        if len(self.input) < needed:
            parts = [self.input]
            missing = needed - len(self.input)
            while missing > 0:
                part = self.receive(min(missing, 1 << 20))
                parts.append(part)
                missing -= len(part)
            self.input = b"".join(parts)
        body = self.input[end + 4 : needed]
        self.input = self.input[needed:]
        return headers, body

    def more(self):
        self.input += self.receive(65536)

    def receive(self, limit):
        part = self.socket.recv(limit)
        if not part:
            # The other side ended: the environment is gone.
            os._exit(0)
        return part


def post(path, body, error_type):
    header = f"Lambda-Runtime-Function-Error-Type: {error_type}\r\n" if error_type else ""
    head = f"POST {BASE}{path} HTTP/1.1\r\nHost: runtime\r\nContent-Type: application/json\r\n{header}Content-Length: {len(body)}\r\n\r\n"
    return head.encode("utf-8") + body


class CognitoIdentity:
    __slots__ = ("cognito_identity_id", "cognito_identity_pool_id")


class ClientContext:
    __slots__ = ("custom", "env", "client")


class Client:
    __slots__ = ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")


class LambdaContext:
    def __init__(self, headers):
        self.aws_request_id = headers["lambda-runtime-aws-request-id"]
        self.invoked_function_arn = headers["lambda-runtime-invoked-function-arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.tenant_id = headers.get("lambda-runtime-aws-tenant-id")
        self.client_context = client_context(headers.get("lambda-runtime-client-context"))
        self.identity = CognitoIdentity()
        identity = json.loads(headers.get("lambda-runtime-cognito-identity", "{}"))
        self.identity.cognito_identity_id = identity.get("cognitoIdentityId")
        self.identity.cognito_identity_pool_id = identity.get("cognitoIdentityPoolId")
        self._deadline_ms = int(headers["lambda-runtime-deadline-ms"])

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline_ms - int(time.time() * 1000))

    def log(self, message):
        print(message)


def client_context(text):
    if text is None:
        return None
    document = json.loads(text)
    context = ClientContext()
    context.custom = document.get("custom", document.get("Custom"))
    context.env = document.get("env")
    context.client = None
    if isinstance(document.get("client"), dict):
        context.client = Client()
        for name in Client.__slots__:
            setattr(context.client, name, document["client"].get(name))
    return context


def write_frame(text):
    """The length in four bytes, then the text. Longer messages become several events."""
    for at in range(0, max(len(text), 1), FRAME_CHARACTERS_MAX):
        write_one_frame(text[at : at + FRAME_CHARACTERS_MAX])


def write_one_frame(text):
    payload = text.encode("utf-8", "backslashreplace")
    frame = memoryview(len(payload).to_bytes(4, "big") + payload)
    while frame:
        try:
            frame = frame[os.write(LOG_FD, frame) :]
        except OSError:
            # The server is gone; so will be this process.
            return


class FrameHandler(logging.Handler):
    def emit(self, record):
        try:
            write_frame(self.format(record))
        except Exception:
            self.handleError(record)


class TextFormatter(logging.Formatter):
    converter = time.gmtime

    def format(self, record):
        record.aws_request_id = request_id
        return super().format(record)


STANDARD_FIELDS = set(logging.LogRecord("", 0, "", 0, "", (), None).__dict__) | {"message", "asctime", "aws_request_id", "taskName"}


class JsonFormatter(logging.Formatter):
    def format(self, record):
        line = {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
        }
        if record.exc_info and record.exc_info[0]:
            error_type, error, trace = record.exc_info
            line["stackTrace"] = [entry for part in traceback.format_tb(trace) for entry in part.splitlines()]
            line["errorType"] = error_type.__name__
            line["errorMessage"] = str(error)
            line["location"] = f"{record.pathname}:{record.funcName}:{record.lineno}"
        for name, value in record.__dict__.items():
            if name not in STANDARD_FIELDS and name not in line:
                line[name] = value
        line["requestId"] = request_id
        return json.dumps(line, ensure_ascii=False, default=str)


def prepare_logging():
    global is_json
    is_json = os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON"
    handler = FrameHandler()
    if is_json:
        handler.setFormatter(JsonFormatter())
        level = {"TRACE": "DEBUG", "WARN": "WARNING", "FATAL": "CRITICAL"}.get(*[os.environ.get("AWS_LAMBDA_LOG_LEVEL", "INFO").upper()] * 2)
        logging.getLogger().setLevel(level if level in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL") else "INFO")
    else:
        pattern = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s"
        handler.setFormatter(TextFormatter(pattern, "%Y-%m-%dT%H:%M:%S"))
    logging.getLogger().addHandler(handler)


def own_frames(error):
    """The trace without the frames of this file and of the import machinery."""
    frames = traceback.extract_tb(error.__traceback__)
    start = 0
    for at, frame in enumerate(frames):
        if frame.filename == __file__ or frame.filename.startswith("<frozen importlib") or "/importlib/__init__.py" in frame.filename:
            start = at + 1
        else:
            break
    return traceback.format_list(frames[start:])


def error_document(error, of_request):
    if isinstance(error, Fault):
        error_type, stack = error.error_type, error.stack
    else:
        error_type, stack = type(error).__name__, own_frames(error)
    return {"errorMessage": str(error), "errorType": error_type, "requestId": of_request, "stackTrace": stack}


def log_error(document):
    if is_json:
        timestamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        write_frame(json.dumps({"timestamp": timestamp, "log_level": "ERROR", **document}, ensure_ascii=False))
        return
    lines = [f"[ERROR] {document['errorType']}: {document['errorMessage']}", "Traceback (most recent call last):"]
    for entry in document["stackTrace"]:
        for line in entry.rstrip("\n").split("\n"):
            # No-break spaces: readers of logs would otherwise strip the indentation.
            lines.append("\u00a0" * (len(line) - len(line.lstrip(" "))) + line.lstrip(" "))
    write_frame("\n".join(lines))


def load_handler(text):
    try:
        module_name, function_name = text.rsplit(".", 1)
    except ValueError as error:
        raise Fault("Runtime.MalformedHandlerName", f"Bad handler '{text}': {error}") from None
    if module_name.split(".")[0] in sys.builtin_module_names:
        raise Fault("Runtime.BuiltInModuleConflict", f"Cannot use built-in module {module_name} as a handler module")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise Fault("Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}") from error
    except SyntaxError as error:
        stack = [f"  File \"{error.filename}\" Line {error.lineno}\n    {error.text}"]
        raise Fault("Runtime.UserCodeSyntaxError", f"Syntax error in module '{module_name}': {error}", stack) from error
    try:
        return getattr(module, function_name)
    except AttributeError:
        raise Fault("Runtime.HandlerNotFound", f"Handler '{function_name}' missing on module '{module_name}'") from None


def to_json(value):
    # decimal is slow to import, and only a function that imported it can have one.
    decimal = sys.modules.get("decimal")

    def default(other):
        if decimal is not None and isinstance(other, decimal.Decimal):
            return float(other)
        raise TypeError(f"Object of type {type(other).__name__} is not JSON serializable")

    try:
        return json.dumps(value, default=default, ensure_ascii=False).encode("utf-8")
    except (TypeError, ValueError, RecursionError) as error:
        raise Fault("Runtime.MarshalError", f"Unable to marshal response: {error}") from error


def run(handler, headers, body):
    """The path, body and error type to post."""
    global request_id
    request_id = headers["lambda-runtime-aws-request-id"]
    trace = headers.get("lambda-runtime-trace-id")
    if trace:
        os.environ["_X_AMZN_TRACE_ID"] = trace
    else:
        os.environ.pop("_X_AMZN_TRACE_ID", None)
    try:
        try:
            event = json.loads(body)
        except ValueError as error:
            raise Fault("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}") from error
        return f"/invocation/{request_id}/response", to_json(handler(event, LambdaContext(headers))), None
    except Exception as error:
        document = error_document(error, request_id)
        log_error(document)
        body = json.dumps(document, ensure_ascii=False).encode("utf-8", "backslashreplace")
        return f"/invocation/{request_id}/error", body, header_safe(document["errorType"])
    finally:
        flush()


def header_safe(text):
    return "".join(letter if 32 <= ord(letter) < 127 else "?" for letter in text)


def flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            pass  # The function closed or replaced it.


def hand_over(ports):
    """Opens listening sockets in this network namespace and hands them to the server, in the words of Node's IPC."""
    channel = socket.socket(fileno=int(os.environ.pop("NODE_CHANNEL_FD")))
    for name, port in ports.items():
        with socket.socket() as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind(("127.0.0.1", port))
            server.listen(511)
            message = {"cmd": "NODE_HANDLE", "type": "net.Server", "msg": {"name": name}}
            socket.send_fds(channel, [(json.dumps(message) + "\n").encode()], [server.fileno()])
            # The next one is sent when this one has arrived: a handle belongs to one message.
            channel.recv(4096)
    channel.close()


def prepare_path(opt):
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    # sys.path[0] is the directory of this file.
    sys.path[0:1] = [os.environ["LAMBDA_TASK_ROOT"], f"{opt}/python/lib/{version}/site-packages", f"{opt}/python"]


def main():
    startup = json.loads(sys.argv[1])
    if startup["ports"]:
        hand_over(startup["ports"])
    os.environ.pop("NODE_CHANNEL_FD", None)
    os.environ.pop("NODE_CHANNEL_SERIALIZATION_MODE", None)
    api = Api()
    sys.meta_path.insert(0, EndpointFinder())
    if startup.get("isBlank"):
        import blank

        startup = blank.become_function(api)
    sys.argv = [os.environ["_HANDLER"]]
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    prepare_path(startup["opt"])
    prepare_logging()
    try:
        handler = load_handler(os.environ["_HANDLER"])
    except Exception as error:
        document = error_document(error, "")
        log_error(document)
        print(WARNING, flush=True)
        flush()
        api.init_error(json.dumps(document, ensure_ascii=False).encode("utf-8", "backslashreplace"), header_safe(document["errorType"]))
        os._exit(1)
    headers, body = api.next()
    while True:
        path, answer, error_type = run(handler, headers, body)
        headers, body = api.post_and_next(path, answer, error_type)


main()
