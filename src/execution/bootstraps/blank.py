"""A process that was started before its function was known: imports what most functions will ask for, waits, and then becomes the one it is
told to be, as if it had been started with its variables and in its directory.
"""
import os
import sys
import time

from botocore_endpoint import EndpointFinder

#: Imported together and from one place: a function that brings one of them gets all of them anew.
FAMILY = {"boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six", "certifi", "idna", "requests"}


def become_function(api):
    """What other processes are started with."""
    before = set(sys.modules)
    preload()
    preloaded = {name.partition(".")[0] for name in set(sys.modules) - before}
    assignment = api.assignment()
    os.environ.clear()
    os.environ.update(assignment["variables"])
    time.tzset()
    api.await_release()
    os.chdir(assignment["task"])
    forget(preloaded & brought(assignment["task"], assignment["opt"]))
    return assignment


def preload():
    try:
        import boto3
        import botocore.session

        # A client needs most of botocore, which is imported when it is made. No call leaves.
        session = boto3.session.Session("none", "none", region_name="us-east-1")
        session.client("s3")
        share_descriptions(botocore.session, session._session.get_component("data_loader"))
    except Exception:
        pass  # The function that needs it will say so.


def share_descriptions(module, loader):
    """Lets later sessions read the descriptions of services that are read already, as clients of one session do; half of a client's time."""
    create_loader = module.create_loader
    module.create_loader = lambda search_path_string=None: loader if search_path_string is None else create_loader(search_path_string)


def brought(task, opt):
    """Names of the modules that the function has itself, which win over the machine's."""
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    names = set()
    for folder in (task, f"{opt}/python/lib/{version}/site-packages", f"{opt}/python"):
        try:
            names.update(name.partition(".")[0] for name in os.listdir(folder))
        except OSError:
            pass  # There is no such layer.
    return names


def forget(names):
    if names & FAMILY:
        names |= FAMILY
        sys.meta_path.insert(0, EndpointFinder())
    for module in list(sys.modules):
        if module.partition(".")[0] in names:
            del sys.modules[module]
