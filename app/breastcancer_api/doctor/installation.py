"""What can be told of the machine and its settings without asking the server."""

import os
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime

import django
import torch
from django.conf import settings
from django.core.files.storage import storages
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from breastcancer_api import networks, readiness
from breastcancer_api.doctor.findings import Note, Wrong
from nets.bundle import ROLES, BundleError, load_card
from nets.device import DeviceMissing

CLOCK_SECONDS = 5.0  # by which clocks may differ
GIGABYTE = 1e9
# what to do about each part that readiness misses
REMEDIES = {
    "database": "is it running, and are DATABASE_HOST and its password right?",
    "broker": "is Redis running, and is BROKER_URL right?",
    "work": "make room, give the folder to the server's user, or name another.",
    "archives": "give the folder to the server's user, or name another.",
    "results": "give the folder to the server's user, or name another.",
}


def checks() -> dict[str, Callable[[], str]]:
    """By name, in the order in which they are made. Each raises as ``findings.found`` expects."""
    needed = [name for name in readiness.parts() if name not in ("database", "networks")]
    return (
        {"versions": versions, "networks": cards, "device": device, "settings": risks, "database": database}
        | {name: lambda name=name: part(name) for name in needed}
        | {"clock": clock}
    )


def versions() -> str:
    python = platform.python_version()
    if sys.version_info[:2] != (3, 11):
        raise Wrong(f"Python {python}; 3.11 is what BreastWise is tested with: make the environment with that one")
    return f"BreastWise {settings.VERSION}, Python {python}, Django {django.__version__}, torch {torch.__version__}"


def cards() -> str:
    try:
        found = [load_card(settings.NETWORKS_DIR, role) for role in ROLES]
    except BundleError as error:
        raise Wrong(f"{error}: put the two networks into NETWORKS_DIR") from error
    return ", ".join(f"{card.role} {card.name} {card.version} {card.weights_sha256[:12]}" for card in found)


def device() -> str:
    try:
        chosen = networks.device()
    except DeviceMissing as error:
        raise Wrong(f"{error}: give the container a GPU (docker-compose.gpu.yml), or set DEVICE to auto") from error
    told = f"{torch.cuda.get_device_name()}, " if chosen.name == "cuda" else ""
    return f"{told}{chosen.name} in {chosen.precision}"


def risks() -> str:
    """Settings that may be meant, and that one should know of."""
    told = []
    if settings.DEBUG and settings.REACHED_BY_OTHERS:
        raise Wrong("DEBUG is 1 where other machines reach the server, which shows them its insides: set it to 0")
    if settings.DEBUG:
        told.append("DEBUG is 1")
    if settings.ANONYMOUS:
        told.append("ANONYMOUS is 1: whoever reaches this machine's port may use the server and see every study")
    if "*" in settings.ALLOWED_HOSTS:
        told.append("ALLOWED_HOSTS is *: name the hosts")
    if not settings.RETENTION_HOURS:
        told.append("RETENTION_HOURS is 0: there are no reports and no pictures")
    if settings.LOG_LEVEL == "DEBUG":
        told.append("LOG_LEVEL is DEBUG: libraries log more than they should")
    if settings.REACHED_BY_OTHERS and not settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]["uploads"]:
        told.append("UPLOAD_RATE is none: one sender can fill the queue")
    if os.environ.get("SUPERUSER_PASSWORD"):
        told.append("SUPERUSER_PASSWORD stands in the environment: use SUPERUSER_PASSWORD_FILE")
    if told:
        raise Note("; ".join(told))
    return "nothing risky"


def database() -> str:
    part("database")
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        raise Wrong(f"{len(missing)} migrations are missing: run python manage.py migrate, and start the server anew")
    version = connection.get_database_version()
    return f"{connection.display_name} {'.'.join(map(str, version))}, every migration is there"


def part(name: str) -> str:
    """Whether a part of ``readiness`` can be used from here."""
    try:
        readiness.parts()[name]()
    except readiness.Missing as error:
        raise Wrong(f"{error} {REMEDIES[name]}") from error
    folder = readiness.folders().get(name)
    if folder:
        return f"{folder} can be written, {readiness.free(folder) / GIGABYTE:.1f} GB are free"
    return f"{type(storages[name]).__name__.lower()}, see below" if name in settings.STORAGES else "it answers"


def clock() -> str:
    """The database's clock, which tells who shows life, beside this machine's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT CURRENT_TIMESTAMP")
        (found,) = cursor.fetchone()
    there = datetime.fromisoformat(found) if isinstance(found, str) else found  # SQLite has no type for it
    return compared(there.replace(tzinfo=there.tzinfo or UTC), "the database's")


def compared(there: datetime, whose: str) -> str:
    """Raises Wrong when the clock ``whose`` differs from this machine's by more than CLOCK_SECONDS."""
    here = datetime.now(UTC)
    apart = abs((here - there).total_seconds())
    if apart > CLOCK_SECONDS:
        raise Wrong(f"{whose} clock is {apart:.0f} s from this machine's: keep both by NTP")
    return f"{here:%Y-%m-%d %H:%M:%S} UTC, as {whose}"
