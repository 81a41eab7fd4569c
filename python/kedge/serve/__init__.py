"""Models over gRPC, in the Open Inference Protocol: a server of a folder and a client for it."""

from kedge.serve.client import Client
from kedge.serve.options import Options

__all__ = ["Client", "Options"]
