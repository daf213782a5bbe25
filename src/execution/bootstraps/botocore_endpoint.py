"""Makes a botocore older than 1.31 obey AWS_ENDPOINT_URL, as newer ones and Lambda's own do.

Distributions ship boto3 for years: Debian 12 has botocore 1.29, which would send a function's calls to the real AWS. Nothing is imported
until the function imports botocore itself.
"""
import importlib.util
import os
import sys

FIRST_VERSION_THAT_KNOWS = (1, 31)


class EndpointFinder:
    """Stands in front of the import system until `botocore.session` is asked for."""

    def find_spec(self, name, path=None, target=None):
        if name != "botocore.session":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None:
            execute = spec.loader.exec_module

            def exec_module(module):
                execute(module)
                teach(module.Session)

            spec.loader.exec_module = exec_module
        return spec


def teach(session_class):
    import botocore

    if tuple(int(part) for part in botocore.__version__.split(".")[:2]) >= FIRST_VERSION_THAT_KNOWS:
        return
    create_client = session_class.create_client

    def create_client_here(self, service_name, *args, **kwargs):
        # The endpoint is the sixth parameter; whoever gives it by position has chosen.
        if len(args) < 5 and kwargs.get("endpoint_url") is None:
            kwargs["endpoint_url"] = configured_endpoint(self, service_name)
        return create_client(self, service_name, *args, **kwargs)

    session_class.create_client = create_client_here


def configured_endpoint(session, service_name):
    if os.environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
        return None
    service_id = session.get_service_model(service_name).service_id
    own = "AWS_ENDPOINT_URL_" + str(service_id).upper().replace(" ", "_")
    return os.environ.get(own) or os.environ.get("AWS_ENDPOINT_URL")
