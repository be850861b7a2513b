"""How the API says no: its error objects with their HTTP status."""

from standin.requests import JsonObject


class ApiFailure(Exception):  # noqa: N818 - what is sent is an error, this is its cause
    """Ends the handling of a request with one of the API's errors.

    Attributes:
        status: The HTTP status.
        kind: `error.type`.
        message: `error.message`.
    """

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.message = message


def invalid_request(message: str) -> ApiFailure:
    """Return what the API says of a request that does not fit its schema."""
    return ApiFailure(400, "invalid_request_error", message)


def not_found(message: str) -> ApiFailure:
    """Return what the API says of something that does not exist."""
    return ApiFailure(404, "not_found_error", message)


def error_body(kind: str, message: str, request_id: str, error_code: str | None) -> JsonObject:
    """Build the body of an error; `error_code` names its cause in `error.details`."""
    error: JsonObject = {"type": kind, "message": message}
    if error_code is not None:
        error["details"] = {"error_code": error_code}
    return {"type": "error", "error": error, "request_id": request_id}
