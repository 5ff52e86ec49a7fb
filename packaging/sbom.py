"""Prints a CycloneDX bill of materials of the program, from `cargo metadata` and Cargo.lock.

Only what becomes part of the program counts: dependencies of tests, and crates that run in the compiler, do not.
"""

import hashlib
import json
import os
import subprocess
import sys
import tomllib
from datetime import datetime, timezone
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

ROOT = "gateway"


def metadata():
    target = subprocess.run(["rustc", "--print", "host-tuple"], check=True, capture_output=True, text=True).stdout
    command = ["cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", target.strip()]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def is_linked(package):
    return not any("proc-macro" in target["kind"] for target in package["targets"])


def linked(nodes, packages, root):
    """The packages that the root package is linked with, each with its direct dependencies."""
    found, pending = {}, [root]
    while pending:
        package = pending.pop()
        if package in found:
            continue
        normal = [
            dependency["pkg"]
            for dependency in nodes[package]["deps"]
            if any(kind["kind"] is None for kind in dependency["dep_kinds"]) and is_linked(packages[dependency["pkg"]])
        ]
        found[package] = normal
        pending.extend(normal)
    return found


def component(package, checksums, licences):
    name, version = package["name"], package["version"]
    checksum = checksums.get((name, version))
    return Component(
        type=ComponentType.LIBRARY if package["source"] else ComponentType.APPLICATION,
        name=name,
        version=version,
        bom_ref=f"{name}@{version}",
        purl=PackageURL("cargo", None, name, version) if package["source"] else None,
        description=package["description"],
        licenses=[licences.make_from_string(package["license"].replace("/", " OR "))] if package["license"] else [],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=checksum)] if checksum else [],
    )


def main(version):
    data = metadata()
    packages = {package["id"]: package for package in data["packages"]}
    nodes = {node["id"]: node for node in data["resolve"]["nodes"]}
    root = next(id for id, package in packages.items() if package["name"] == ROOT and not package["source"])
    lock = tomllib.loads(Path("Cargo.lock").read_text())
    checksums = {(p["name"], p["version"]): p["checksum"] for p in lock["package"] if "checksum" in p}
    licences = LicenseFactory()
    dependencies = linked(nodes, packages, root)
    components = {id: component(packages[id], checksums, licences) for id in dependencies}

    bom = Bom(serial_number=uuid5(NAMESPACE_URL, f"wegwijzer/{version}/{hash_of_lock()}"))
    bom.metadata.timestamp = datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), timezone.utc)
    components[root].name = "wegwijzer"
    bom.metadata.component = components[root]
    for id, found in components.items():
        if id != root:
            bom.components.add(found)
    for id, needed in dependencies.items():
        bom.register_dependency(components[id], [components[other] for other in needed])

    text = JsonV1Dot6(bom).output_as_string(indent=1)
    errors = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if errors:
        sys.exit(f"invalid bill of materials: {errors}")
    print(text)


def hash_of_lock():
    return hashlib.sha256(Path("Cargo.lock").read_bytes()).hexdigest()


main(sys.argv[1])
